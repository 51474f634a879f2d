/// Pool jobs: the full looks at all databases of one filesystem, one after the other, and the look
/// at the node.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/batch.h"
#include "collectors/collector.h"
#include "collectors/look.h"
#include "collectors/node.h"
#include "collectors/node_collector.h"
#include "collectors/sql_access.h"
#include "exporter/cpu_time.h"
#include "exporter/descriptor_room.h"
#include "exporter/gather.h"
#include "exporter/own_metrics.h"
#include "exporter/progress.h"
#include "exporter/subject.h"

namespace sqlite_exporter {

/// The word under which the gathering itself is timed and judged, beside the collectors' own.
inline constexpr std::string_view kLookName = "look";

/// One subject in a look job: what the job needs of it, and what the job found.
struct LookTask {
  std::string name;  ///< of the subject
  std::string path;
  RequiredOwner link_owner;
  bool sampled = true;
  std::shared_ptr<SampleCell> sample;
  std::shared_ptr<Subject::Kept> kept;

  std::chrono::steady_clock::time_point begun;  ///< the look
  /// Too little CPU: nothing is known of the database by it, and `batch` is empty.
  bool starved = false;
  Batch batch;
  std::vector<CollectorFailure> failures;  ///< without no_data
  std::optional<StateSet> states;          ///< not set if the look failed
  SqlAccess access = SqlAccess::state;     ///< as it was at that look
  AttributionLimits limits{};
  std::vector<std::pair<int, Process>> holders;  ///< by pid
};

/// The look at what belongs to no single database, and what it found.
struct NodeTask {
  NodeLook look;
  Batch batch;
  std::vector<CollectorFailure> failures;  ///< without no_data
};

/// What a look job may use; all of it outlives the job.
struct LookTools {
  std::vector<const Collector*> collectors;
  std::vector<const NodeCollector*> node_collectors;
  std::shared_ptr<OwnMetrics> own_metrics;
  /// Of all looks: the sampler's budget counts them with its samples.
  std::shared_ptr<CpuTime> cpu_time = std::make_shared<CpuTime>();
  /// See `Sampler::lateness`; may be empty.
  std::function<bool()> sampler_is_late;
  /// The sampler's, which looks tell when they find no descriptor.
  std::shared_ptr<DescriptorRoom> room = std::make_shared<DescriptorRoom>();
};

/// Runs on a pool thread. Ends early if it is cut: those that are done stay so. `node` outlives the
/// tasks' readings only as text.
void run_looks(std::vector<LookTask>& tasks, const Node& node, const LookTools& tools,
               Progress& progress);

/// Runs on a pool thread. What cannot be told of a mount is left out of `task.look.filesystems`.
void look_at_filesystems(const std::vector<Mount>& mounts, const LookTools& tools, NodeTask& task,
                         Progress& progress);

/// Runs on a pool thread.
void run_node_look(NodeTask& task, const LookTools& tools, Progress& progress);

}  // namespace sqlite_exporter
