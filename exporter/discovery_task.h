/// One step of discovery, done by a pool job: a plain path, a walk on one mount, or the files that
/// processes hold open.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collectors/linux/open_files.h"
#include "collectors/node.h"
#include "exporter/config.h"
#include "exporter/discovery.h"
#include "exporter/folder_watch.h"
#include "exporter/walk.h"

namespace sqlite_exporter {

using KnownPaths = std::set<std::string, std::less<>>;

/// What all tasks of a pass may use; it outlives them.
struct DiscoveryContext {
  std::shared_ptr<const Node> node;
  std::shared_ptr<const DiscoveryConfig> config;
  std::shared_ptr<FolderWatch> watch;       ///< null: there are rescans only
  std::shared_ptr<const KnownPaths> known;  ///< databases that are watched already, access paths
};

struct DiscoveryTask {
  enum class Kind : std::uint8_t {
    plain,      ///< `start.directory` is the path of a file, there or not
    walk,       ///< from `start`
    processes,  ///< of this node; what they hold open goes into `candidates`
    files,      ///< `candidates`, which lie on the mount `start.directory`
  };

  std::uint64_t id = 0;
  Kind kind = Kind::walk;
  WalkStart start;  ///< access paths: with `paths.rootfs` in front
  std::vector<std::string> candidates;
  std::vector<Found> previous;  ///< found at the last time
  /// Of a walk that was done: these paths may have changed, and nothing else is looked at.
  std::vector<std::string> changed;

  // What it brings:
  std::vector<Found> found;
  std::size_t noise = 0;                 ///< files passed over that may be encrypted databases
  std::size_t refused_links = 0;         ///< symbolic links that are not followed
  std::vector<std::string> directories;  ///< that were listed
  /// Where it would have touched another filesystem: mounts below, and what links lead to. Of a
  /// plain path, at most one: where to go on.
  std::vector<WalkStart> elsewhere;
  std::optional<WalkLimit> limit;
  std::optional<Error> error;
  bool followed = false;  ///< the walk came through links: its folders have other names, too
  bool again = false;     ///< `changed` is not enough
  FolderWatch::Outcome watched;
  OpenFiles open;  ///< of `processes`, without its paths
  std::chrono::steady_clock::duration took{0};
  std::chrono::nanoseconds cpu{0};  ///< that it used

  /// Of a plain path: a link leads to another filesystem, where it has to be looked at yet.
  bool is_half_way() const { return kind == Kind::plain && !elsewhere.empty(); }

  /// Only what had changed was looked at.
  bool is_partial() const { return !changed.empty(); }
  /// It says how the whole of it stands.
  bool is_whole() const { return !is_half_way() && !is_partial(); }

  /// The path whose mount the task touches.
  const std::string& touches() const { return start.real_directory(); }
};

/// Blocks as long as the filesystem does. `step` is called often.
void run_discovery(DiscoveryTask& task, const DiscoveryContext& context,
                   const std::function<void()>& step);

}  // namespace sqlite_exporter
