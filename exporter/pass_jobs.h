/// The pool jobs of passes: which run, which are stalled, and for how many the pass still waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "exporter/filesystem.h"
#include "exporter/job_queue.h"
#include "exporter/loop.h"
#include "exporter/pass_job.h"
#include "exporter/thread_watch.h"

namespace sqlite_exporter {

enum class Phase : std::uint8_t { idle, mounts, discovery, looks, node };

/// In one system call for this long, a job's filesystem is stalled.
inline constexpr std::chrono::milliseconds kStallDeadline(1000);

/// Loop thread only.
class PassJobs {
 public:
  using Clock = std::chrono::steady_clock;
  using Done = std::function<void(const std::shared_ptr<PassJob>&)>;

  /// `settled` is called after each job that ended.
  PassJobs(Loop& loop, std::function<void()> settled)
      : queue_(loop), settled_(std::move(settled)), activity_of_(own_thread_activity) {}

  void begin_pass();
  std::uint64_t pass() const { return pass_; }

  /// On `job->filesystem`. At most one job for each phase and filesystem: a discovery that hangs,
  /// behind a symbolic link say, must not keep the looks of its filesystem waiting. `work` on a
  /// pool thread, then `done`; the pass waits for it until then, or until it is stalled, cut or not
  /// waited for any more.
  void start(Phase phase, const std::shared_ptr<PassJob>& job, Loop::Callback work, Done done);

  /// The job of this phase there, or null.
  PassJob* find(Phase phase, FilesystemId filesystem) const;
  bool is_running(Phase phase, FilesystemId filesystem) const {
    return find(phase, filesystem) != nullptr;
  }
  /// Also true after the stalled job's pass.
  bool is_stalled(Phase phase, FilesystemId filesystem) const;
  bool is_awaited() const { return awaited_ > 0; }

  /// Declares stalled what hangs in a system call, and waits no longer for discovery that takes its
  /// time. What only waits for a core is late, and not stalled.
  void watch(Clock::duration discovery_patience);
  /// The pass waits no longer for those that run, but for discovery: what it finds joins a later
  /// pass. Looks end with the one they are at.
  void cut();
  /// This pass waits for looks of a pass that was cut, which are about to end.
  void await_late();
  /// A job that is no stalled one waited for a core most of its time, and for at least so long: the
  /// one that did so longest, or null.
  const PassJob* starved(Clock::duration least) const;

  void for_each_stalled(const std::function<void(Phase, PassJob&)>& visit) const;
  void for_each(Phase phase, const std::function<void(PassJob&)>& visit) const;

 private:
  using Key = std::pair<Phase, FilesystemId>;

  void stop_waiting_for(PassJob& job);

  JobQueue queue_;
  std::function<void()> settled_;
  ActivityOf activity_of_;
  std::uint64_t pass_ = 0;
  std::size_t awaited_ = 0;
  /// A job of an earlier pass in here is a stalled one, or a discovery that takes its time.
  std::map<Key, std::shared_ptr<PassJob>> running_;
};

}  // namespace sqlite_exporter
