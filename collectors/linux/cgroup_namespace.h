/// Cgroup paths as the node has them, read in a cgroup namespace of our own.
#pragma once

#include <string>
#include <string_view>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// Where our namespace begins in the v2 hierarchy, whose root is mounted at `root`; "/" if that is
/// where it begins. `own` is what the container's runtime mounted: the namespace's own root. Asked
/// by the kernel's handle of the directory, not by a search: this takes CAP_DAC_READ_SEARCH.
/// Errors: denied, no_data (it does not lie below `root`), others as `error_from_errno`.
Result<std::string> find_namespace_root(const std::string& root, const std::string& own);

/// Whether the v2 path in the text of /proc/<pid>/cgroup means something only to those who know
/// where our namespace begins: that is our own root, or it leads out of the namespace.
bool is_seen_from_namespace(std::string_view text);

/// The same text with the v2 path from the hierarchy's root. The kernel writes it relative to the
/// reader's namespace: "/../../pod<uid>/<id>". A path that leads out of the hierarchy stays.
std::string seen_from_root(std::string_view text, std::string_view namespace_root);

}  // namespace sqlite_exporter
