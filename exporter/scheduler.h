/// The scheduler: has every database looked at once per interval, and publishes a snapshot.
///
/// A pass has four phases: read the mount table, discover databases, look at them, look at the node
/// around them. Within a phase there is one pool job for each filesystem, so that one that hangs
/// keeps one job and one thread and delays nobody else: once it makes no progress for a second it
/// is stalled, the pass goes on without it, and it gets no further job until it answers. What is
/// only slow has two intervals: then the pass is cut, keeps what it has looked at, and the next one
/// begins with the rest. A
/// discovery that takes its time is not waited for: what it finds joins a later pass.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/config.h"
#include "exporter/cpu_shortage.h"
#include "exporter/discoverer.h"
#include "exporter/judge.h"
#include "exporter/libraries_of_holders.h"
#include "exporter/look_job.h"
#include "exporter/loop.h"
#include "exporter/pass_findings.h"
#include "exporter/pass_jobs.h"
#include "exporter/sampler.h"
#include "exporter/snapshot.h"
#include "exporter/sql/sql_reader.h"
#include "exporter/subject_facts.h"
#include "exporter/subjects.h"

namespace sqlite_exporter {

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
    SqlReader* sql = nullptr;                        ///< outlives it
    OwnReader own_reader = nullptr;
  };

  Scheduler(const Config& config, Parts parts);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Begins the first pass as soon as the loop runs.
  void start();

  /// As they were last read from /proc/locks; null if nobody held a lock. Whoever looks on must not
  /// read them again within five seconds.
  const std::shared_ptr<const LockHolders>& lock_holders() const { return lock_holders_; }

  /// From the next pass on, which begins as soon as none is under way. Databases that stay keep
  /// their counters.
  void reconfigure(const Config& config, const std::vector<const Collector*>& collectors,
                   const std::vector<const NodeCollector*>& node_collectors);

 private:
  using Job = std::shared_ptr<PassJob>;
  /// Those to be started, one for each filesystem.
  using Jobs = std::map<FilesystemId, Job>;

  void tick();
  void watch_jobs();
  /// Notes jobs that waited for a core most of their time, and for at least so long.
  void note_starved(PassJobs::Clock::duration least);
  void begin_pass();
  void begin_discovery();
  /// Tasks hang on what was unmounted from their folders since.
  void abandon_lost_discovery();
  void start_due_discovery();
  void begin_looks();
  /// On all filesystems, or `only` one, at databases that this pass has not looked at.
  void start_looks(std::optional<FilesystemId> only);
  /// The pass goes on to the node with what it has.
  void cut_looks();
  void begin_node_look();
  void end_phase_if_done();
  void start(const Job& job, Loop::Callback work);
  void job_done(const Job& job);
  /// A look would wait there: for another one, or because discovery hangs.
  bool is_held_up(FilesystemId filesystem) const;
  /// The one among these, made if there is none.
  static PassJob& job_on(const Filesystem& filesystem, Jobs& jobs);
  void tell_stalled_mounts();
  void apply(const Subjects::Changes& changes);
  /// Has the sampler watch it, or not, by the mount it lies on now.
  void enrol(Subject& subject);
  /// The mounts of all databases and their WALs, to be asked how full they are.
  void add_mounts(Jobs& jobs, std::optional<FilesystemId> only) const;
  /// What a job has done and was not collected yet; `ended`: all of it, in its own pass.
  void collect(PassJob& job, bool ended);
  void collect_look(LookTask& task, Subject& subject);
  void collect_filesystems(PassJob& job);
  void collect_discovery(PassJob& job);
  void publish();
  /// The page as it is in the middle of a long pass, if it is worth it.
  void publish_between();
  PageContext page_context() const;
  void publish(Page page);
  Filesystem procfs() const { return filesystem_of(parts_.paths.procfs); }
  /// That of a path, or of what a task touches.
  Filesystem filesystem_of(const std::string& path) const {
    return sqlite_exporter::filesystem_of(node_->mounts, path);
  }
  Filesystem filesystem_of(const DiscoveryTask& task) const;

  PollConfig poll_;
  Parts parts_;
  PassJobs jobs_;
  Judge judge_;
  Discoverer discoverer_;
  Subjects subjects_;
  std::shared_ptr<const Node> node_ = std::make_shared<const Node>();
  std::shared_ptr<const LockHolders> lock_holders_;  ///< the last that were read
  /// Databases that become suspect one after the other share what is read for the first.
  std::shared_ptr<OpenTableCache> open_files_ =
      std::make_shared<OpenTableCache>(std::chrono::seconds(2));
  std::shared_ptr<HolderLibraries> libraries_ = libraries_of_holders();

  std::function<void()> reconfigure_;  ///< what the next pass begins with, if anything
  Snapshot::Clock::time_point configured_;

  Phase phase_ = Phase::idle;
  Loop::TimerId timer_ = 0;
  Snapshot::Clock::time_point pass_started_;
  Snapshot::Clock::time_point pass_begun_;  ///< the same, or a little later: see `begin_looks`
  Snapshot::Clock::time_point looks_begun_;
  Snapshot::Clock::time_point node_begun_;
  std::optional<Snapshot::Clock::time_point> node_looked_;
  std::size_t waiting_ = 0;  ///< databases that the last pass did not look at
  bool cut_ = false;         ///< this pass
  CpuWatch cpu_watch_;
  std::map<FilesystemId, std::string> stalled_;  ///< by a mountpoint of each
  std::uint64_t looks_counted_ = 0;
  std::shared_ptr<const KnownPaths> known_paths_ = std::make_shared<const KnownPaths>();
  KnownPaths absent_;  ///< or another's by now, in the last looks
  PassFindings found_;
};

}  // namespace sqlite_exporter
