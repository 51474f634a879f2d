/// One pool job of a pass: how it stands, what it works on, and what it brings.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "exporter/discovery_task.h"
#include "exporter/filesystem.h"
#include "exporter/job_queue.h"
#include "exporter/look_job.h"
#include "exporter/progress.h"
#include "exporter/subject.h"

namespace sqlite_exporter {

/// `progress` is shared. What it works on is the job's alone while it runs, but for the looks that
/// `progress` says are done; the rest is the loop's.
struct PassJob {
  std::uint64_t pass = 0;
  Filesystem filesystem;  ///< that it touches, and no other
  std::chrono::steady_clock::time_point begun;
  Progress progress;
  bool stalled = false;
  bool late = false;  ///< its pass was cut: it ends with the look that it is at
  bool awaited = true;
  JobQueue::Ticket ticket;

  std::shared_ptr<const Node> node;
  std::optional<Error> node_error;  ///< why there is none
  std::vector<DiscoveryTask> discovery;
  std::vector<LookTask> looks;  // and the subjects they are at
  std::vector<std::shared_ptr<Subject>> subjects;
  std::size_t collected = 0;          ///< looks that the loop has taken already
  std::vector<Mount> mounts;          // those of their files
  std::optional<NodeTask> node_task;  ///< of the node look; of others what they add to it
};

}  // namespace sqlite_exporter
