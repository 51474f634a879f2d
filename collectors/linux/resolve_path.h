/// Real paths, one name at a time: a symbolic link is followed by us, so that it can lead to no
/// mount that the caller has not agreed to touch, and to nothing that is not its owner's.
///
/// A link is followed only if it belongs to root, to the user that we are, or to the owner of what
/// it leads to, and of the file in the end. Whoever may write in a watched folder could else have
/// us read what he may not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/linux/file.h"

namespace sqlite_exporter {

/// A symbolic link that was followed, of a user who is not trusted: what it leads to must be his,
/// and so must the file be where that is a folder.
struct FollowedLink {
  std::uint32_t owner = 0;
  std::size_t names_after = 0;  ///< of the path, behind what the link leads to
  bool judged = false;          ///< what it leads to is his
  bool operator==(const FollowedLink&) const = default;
};
using FollowedLinks = std::vector<FollowedLink>;

struct ResolvedPath {
  std::string path;        ///< without symbolic links as far as it was resolved
  bool elsewhere = false;  ///< it goes on behind a path that `may_touch` refused
  /// Those on the way: to be judged by who goes on.
  FollowedLinks links{};
};

/// Resolves the absolute `path`, which begins with `root`; links, absolute ones too, lead nowhere
/// else than below `root` ("" if that is ours, else a real path without a slash at its end).
/// `may_touch` is asked with each path without symbolic links before it is touched. `links` led to
/// `path` from elsewhere, or to a folder on the way. Errors: no_data (absent), denied, unsupported
/// (too many links, or one that is not followed), io, as `error_from_errno`.
Result<ResolvedPath> resolve_path(const std::string& root, const std::string& path,
                                  const std::function<bool(std::string_view)>& may_touch,
                                  FollowedLinks links = {});

/// To whom all must belong that was reached by `links`.
RequiredOwner required_owner(const FollowedLinks& links);

/// How many names a path has, as `FollowedLink` counts them.
std::size_t count_names(std::string_view path);

}  // namespace sqlite_exporter
