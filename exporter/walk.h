/// The walk through folders that a pattern stands for: which names match it, without opening files.
///
/// A pattern is split at its slashes. `*`, `?` and `[...]` match within one name, as fnmatch(3)
/// does (a backslash is an ordinary character, `[*]` is a star); the component `**` stands for any
/// number of folders, none too. Neither matches a name that begins with a dot. A folder, `/data/`,
/// is `/data/**/*`.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/linux/resolve_path.h"
#include "exporter/walk_limits.h"

namespace sqlite_exporter {

/// Where a walk begins, and what of the pattern is left there. Without components the path is a
/// file that matches already: only its type is not known yet.
struct WalkStart {
  std::string directory;
  std::vector<std::string> components;
  std::size_t depth = 0;  ///< how many folders below the pattern's fixed prefix
  std::string real{};     ///< the directory without symbolic links, if the walk came by one
  FollowedLinks links{};  ///< that led to it, and are to be judged there and behind it

  /// Whose mount it is that the walk touches.
  const std::string& real_directory() const { return real.empty() ? directory : real; }
  bool operator==(const WalkStart&) const = default;
};

/// Of a plain path: its directory and its name.
WalkStart walk_start(std::string_view pattern);

struct WalkRules {
  WalkLimits limits;
  /// Asked with paths without symbolic links. What it is true for is not touched, unless the walk
  /// starts there.
  std::function<bool(std::string_view)> is_mountpoint = [](std::string_view) { return false; };
  /// Follows the symbolic links of a path, as far as this walk may touch what they lead to.
  std::function<Result<ResolvedPath>(const std::string&)> resolve = [](const std::string& path) {
    return resolve_path("", path, [](std::string_view) { return true; });
  };
  /// Of a path below folders that are not excluded themselves.
  std::function<bool(std::string_view)> is_excluded = [](std::string_view) { return false; };
  /// Called often: the walk still gets somewhere.
  std::function<void()> step = [] {};
};

/// All sorted. With a `limit` or an `error`, what is not in here may be there all the same.
struct Walked {
  std::vector<std::string> files;  ///< regular files and symbolic links; perhaps no databases
  /// Without symbolic links. Where a name that is new may be a new match: folders that were listed,
  /// and those where a single name was looked for that is a file's or was not there.
  std::vector<std::string> directories;
  /// Mountpoints, and what links lead to on other mounts, untouched: each for a job of its own.
  std::vector<WalkStart> elsewhere;
  bool followed = false;           ///< a link to a folder: paths may have other names than folders
  std::optional<WalkLimit> limit;  ///< that ended the walk, else depth; the rest is passed over
  std::optional<Error> error;      ///< the first; a folder that is absent or denied is none
  std::size_t refused_links = 0;   ///< to folders, as `resolve` says
};

/// Blocks as long as the filesystem does. Symbolic links to folders are followed only where the
/// pattern names them, never by `**`; such a one may lead to another mount. A start directory that
/// may not be read is an error, one that is absent is not, and folders below it that may not be
/// read are passed over. Keeps one descriptor open for each level, and one more.
Walked walk(const WalkStart& start, const WalkRules& rules);

}  // namespace sqlite_exporter
