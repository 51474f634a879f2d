/// Real paths, one name at a time: a symbolic link is followed by us, so that it can lead to no
/// mount that the caller has not agreed to touch.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "collectors/base/result.h"

namespace sqlite_exporter {

struct ResolvedPath {
  std::string path;        ///< without symbolic links as far as it was resolved
  bool elsewhere = false;  ///< it goes on behind a path that `may_touch` refused
};

/// Resolves the absolute `path`, which begins with `root`; links, absolute ones too, lead nowhere
/// else than below `root` ("" if that is ours, else a real path without a slash at its end).
/// `may_touch` is asked with each path without symbolic links before it is touched. Errors: no_data
/// (absent), denied, unsupported (too many links), io, as `error_from_errno`.
Result<ResolvedPath> resolve_path(const std::string& root, const std::string& path,
                                  const std::function<bool(std::string_view)>& may_touch);

}  // namespace sqlite_exporter
