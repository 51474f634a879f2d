/// What discovery knows: which walks each `[[database]]` entry takes, what they found, and which of
/// them are due again.
///
/// A walk ends at the mounts it meets, and each of those gets a walk of its own: one that hangs
/// keeps what it found, and the others go on. A plain path is looked at in each pass. A pattern is
/// walked again after `rescan_interval`, later if that would cost more CPU time than it may, or
/// when a folder it listed has changed, or when one of its databases was seen to be gone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "exporter/config.h"
#include "exporter/discovery_status.h"
#include "exporter/discovery_task.h"
#include "exporter/subjects.h"

namespace sqlite_exporter {

/// Those of the configuration, and one more, named by whole paths, if processes are asked for what
/// they hold open.
std::vector<DatabaseConfig> discovery_entries(const Config& config);

/// Loop thread only; touches no filesystem.
class Discoverer {
 public:
  using Clock = std::chrono::steady_clock;

  /// `watch` may be null.
  Discoverer(std::string rootfs, std::shared_ptr<FolderWatch> watch);
  Discoverer(const Discoverer&) = delete;
  Discoverer& operator=(const Discoverer&) = delete;

  /// If `config.processes`, the last of `entries` is for what processes hold open. Entries whose
  /// path was there before keep what they found, so that a mount which does not answer now loses
  /// no databases by it; all walks are due.
  /// `cpu_share` of one core is what all walks together may use in the long run: where
  /// `rescan_interval` is too short for that, they wait longer.
  void configure(const std::vector<DatabaseConfig>& entries, DiscoveryConfig config,
                 double cpu_share = 1);

  /// Plain paths are due once in each pass.
  void begin_pass();
  /// What happened in the watched folders since the last call makes walks due: of the files that
  /// came or went at once, whatever a whole walk would cost.
  void read_changes(const KnownPaths& known);
  /// Databases that were found at these paths are absent: their walks are due.
  void look_again_for(const KnownPaths& absent);

  /// The tasks that are due and not under way, but those for which `is_held_up`
  /// holds. They are under way until `done`.
  std::vector<DiscoveryTask> due(Clock::time_point now,
                                 const std::function<bool(const DiscoveryTask&)>& is_held_up);
  /// `mount_of` names the mount of an access path. A task whose walk is not wanted any more is
  /// dropped.
  void done(DiscoveryTask task, Clock::time_point now,
            const std::function<std::string(const std::string&)>& mount_of);

  /// Its task hangs and cannot be taken back: the walk is due once more, and what that task may
  /// bring after all is dropped.
  void abandon(std::uint64_t id);

  /// What the last task of this walk met, for whoever tells only what is new; nothing if the walk
  /// is not wanted any more.
  struct Troubles {
    std::optional<Errc> error;
    std::optional<WalkLimit> limit;
  };
  std::optional<Troubles> last_troubles(std::uint64_t id) const;

  /// By entry; nothing for an entry none of whose walks has come back yet.
  Findings findings() const;
  /// True once each walk has come back at least once.
  bool complete() const;

  DiscoveryStatus status() const;
  /// What walks use now, in cores, if each has its turn as soon as it may.
  double cpu_share() const;

  std::shared_ptr<const DiscoveryConfig> config() const { return config_; }
  const std::shared_ptr<FolderWatch>& watch() const { return watch_; }

 private:
  struct Walk {
    std::size_t entry = 0;
    bool root = false;  ///< of its entry; others are children of a walk
    DiscoveryTask::Kind kind = DiscoveryTask::Kind::walk;
    WalkStart start;
    std::vector<std::string> candidates;
    std::vector<std::uint64_t> children;

    bool under_way = false;
    bool again = true;              ///< something may have changed
    bool by_name = false;           ///< what changes in its folders can be looked at by itself
    std::set<std::string> changed;  ///< paths
    bool at_once = false;           ///< without the pause that a walk needs
    bool ever_done = false;
    Clock::time_point ended;
    Clock::duration took{0};
    std::chrono::nanoseconds cpu{0};

    std::vector<Found> found;
    std::size_t noise = 0;
    std::size_t refused_links = 0;
    std::vector<std::string> directories;
    Troubles troubles;
    std::size_t unwatched = 0;
    OpenFiles open;
  };

  std::uint64_t add(Walk walk);
  void drop(std::uint64_t id);
  Walk root_walk(std::size_t entry, const DatabaseConfig& config, bool processes) const;
  void move_to_entry(std::uint64_t id, std::size_t entry);
  bool is_due(const Walk& walk, Clock::time_point now, double weights) const;
  /// Of all walks, as `walk_pause` wants it.
  double weights() const;
  /// How long it waits so that all keep within their share.
  Clock::duration pause(const Walk& walk, double weights) const;
  Clock::duration rescan_period(const Walk& walk, double weights) const;
  /// A file of its own came or went.
  static void note_change(Walk& walk, const std::string& path);
  void keep_changed(Walk& walk, DiscoveryTask task);
  /// Nothing is there, and nothing is looked for.
  static bool is_empty(const Walk& walk);
  void adopt(std::uint64_t parent, const std::vector<WalkStart>& elsewhere, bool all);
  void distribute(std::uint64_t parent, std::vector<std::string> candidates,
                  const std::function<std::string(const std::string&)>& mount_of);

  const std::string rootfs_;
  const std::shared_ptr<FolderWatch> watch_;
  std::size_t entries_ = 0;
  double cpu_share_ = 1;
  std::shared_ptr<const DiscoveryConfig> config_;
  std::map<std::uint64_t, Walk> walks_;
  std::uint64_t last_id_ = 0;
};

}  // namespace sqlite_exporter
