/// Where a path of another mount namespace is in this one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/linux/mount_table.h"

namespace sqlite_exporter {

/// What is left of `path` behind `folder`, by whole names: empty, or from a slash on. Nothing if
/// the path does not lie there.
std::optional<std::string_view> rest_below(std::string_view path, std::string_view folder);

/// The paths by which `here` reaches the file that `there` calls `path`: on the same filesystem,
/// and hidden by no other mount. Those through the mount that shows most of the filesystem come
/// first, of equal ones the last mounted. For a file of an overlay that is not mounted here, its
/// name below the upper directory, as that was named when the overlay was mounted: whether there is
/// such a file is for the caller to look. None if the file has no name here. Tables alone are
/// compared, no filesystem is touched.
std::vector<std::string> translate_path(std::string_view path, const MountTable& there,
                                        const MountTable& here);

}  // namespace sqlite_exporter
