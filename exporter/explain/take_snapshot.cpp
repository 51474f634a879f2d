#include "exporter/explain/take_snapshot.h"

#include "exporter/descriptor_limit.h"
#include "exporter/enabled.h"
#include "exporter/loop.h"
#include "exporter/sampler.h"
#include "exporter/scheduler.h"

namespace sqlite_exporter {

namespace {

/// An old reader is one that two looks saw; one more for whoever came just now.
constexpr int kPasses = 3;

}  // namespace

TakenSnapshot take_snapshot(const Config& config, const Log& log, const NodePaths& paths) {
  raise_descriptor_limit();
  const LookTools tools = make_tools(config);
  const auto snapshot = std::make_shared<SnapshotCell>();
  Loop loop;
  int passes = 0;
  const auto published = [&](const Snapshot&) {
    if (++passes == kPasses) loop.stop();
  };
  Sampler sampler(CpuBudget(config.poll().cpu_budget, config.poll().interval), tools.cpu_time);
  Scheduler scheduler(
      config, {loop, sampler, log, tools, snapshot, paths, nullptr, published, nullptr, nullptr});
  scheduler.start();
  const bool ended = loop.run();
  return {snapshot->get(), sampler.stop() && ended};
}

}  // namespace sqlite_exporter
