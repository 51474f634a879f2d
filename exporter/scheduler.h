/// The scheduler: has every database looked at once per interval, and publishes a snapshot.
///
/// A pass has four phases: read the mount table, discover databases, look at them, look at the node
/// around them. Within a phase there is one pool job for each filesystem, so that one that hangs
/// keeps one job and one thread and delays nobody else: once it makes no progress for a second it
/// is stalled, the pass goes on without it, and it gets no further job until it answers. A
/// discovery that takes its time is not waited for: what it finds joins a later pass.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "exporter/config.h"
#include "exporter/discoverer.h"
#include "exporter/job_queue.h"
#include "exporter/judge.h"
#include "exporter/look_job.h"
#include "exporter/loop.h"
#include "exporter/sampler.h"
#include "exporter/snapshot.h"
#include "exporter/subjects.h"

namespace sqlite_exporter {

struct PassJob;

/// The word under which the errors of discovery are counted.
inline constexpr std::string_view kDiscoveryName = "discovery";

class Scheduler {
 public:
  struct Parts {
    Loop& loop;
    Sampler& sampler;
    const Log& log;
    LookTools tools;
    std::shared_ptr<SnapshotCell> snapshot;
    NodePaths paths;
    std::shared_ptr<FolderWatch> watch;              ///< may be null
    std::function<void(const Snapshot&)> published;  ///< on the loop thread; may be empty
  };

  Scheduler(const Config& config, Parts parts);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Begins the first pass as soon as the loop runs.
  void start();

  /// From the next pass on. Databases that stay keep their counters.
  void reconfigure(const Config& config, const std::vector<const Collector*>& collectors,
                   const std::vector<const NodeCollector*>& node_collectors);

 private:
  enum class Phase : std::uint8_t { idle, mounts, discovery, looks, node };
  using Job = PassJob;
  /// By the mountpoint that stands for a filesystem.
  using Jobs = std::map<std::string, std::shared_ptr<Job>>;
  /// A discovery that hangs, behind a symbolic link say, must not keep the looks of its mount
  /// waiting.
  using Key = std::pair<Phase, std::string>;  // and the filesystem's mountpoint

  void tick();
  void watch_jobs();
  void begin_pass();
  void begin_discovery();
  void start_due_discovery();
  void begin_looks();
  void begin_node_look();
  void end_phase_if_done();
  void start_job(const std::string& filesystem, const std::shared_ptr<Job>& job,
                 Loop::Callback work);
  void stop_waiting_for(Job& job);
  void job_done(const Key& key, const std::shared_ptr<Job>& job);
  /// Else there is nothing to find in /proc/locks.
  bool somebody_holds_a_lock() const;
  /// A job of this phase.
  bool is_running(const std::string& filesystem) const;
  /// Discovery hangs there: a look would, too.
  bool is_stalled(const std::string& filesystem) const;
  void tell_stalled_mounts();
  void apply(const Subjects::Changes& changes);
  /// Has the sampler watch it, or not, by the mount it lies on now.
  void enrol(Subject& subject);
  /// The mounts of all databases and their WALs, to be asked how full they are.
  void add_mounts(Jobs& jobs) const;
  bool is_excluded(const Subject& subject, StateSet states) const;
  void collect(Job& job);
  void collect_discovery(Job& job);
  void publish();
  /// The mountpoint that stands for the filesystem of a path, or of what a task touches.
  const std::string& filesystem_of(const std::string& path) const;
  const std::string& filesystem_of(const DiscoveryTask& task) const;

  PollConfig poll_;
  Parts parts_;
  JobQueue queue_;
  Judge judge_;
  Discoverer discoverer_;
  Subjects subjects_;
  std::shared_ptr<const Node> node_ = std::make_shared<const Node>();
  std::shared_ptr<const LockHolders> lock_holders_;  ///< the last that were read

  std::function<void()> reconfigure_;  ///< what the next pass begins with, if anything

  Phase phase_ = Phase::idle;
  Loop::TimerId timer_ = 0;
  std::uint64_t pass_ = 0;
  Snapshot::Clock::time_point pass_begun_;
  /// A job of an earlier pass in here is a stalled one, or a discovery that takes its time.
  std::map<Key, std::shared_ptr<Job>> running_;
  std::set<std::string> stalled_mounts_;
  std::uint64_t looks_counted_ = 0;
  std::size_t awaited_ = 0;  ///< jobs that this phase waits for
  std::shared_ptr<const KnownPaths> known_paths_ = std::make_shared<const KnownPaths>();
  std::map<std::string, Batch> looked_;  ///< by database, of this pass
  KnownPaths absent_;                    ///< of this pass
  AttributionLimits limits_{};           ///< that some look of this pass met
  NodeLook node_look_;                   ///< what the looks of this pass found of the node
  Batch node_batch_;
};

}  // namespace sqlite_exporter
