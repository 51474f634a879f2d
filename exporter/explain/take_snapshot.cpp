#include "exporter/explain/take_snapshot.h"

#include <string_view>
#include <utility>
#include <vector>

#include "exporter/descriptor_limit.h"
#include "exporter/enabled.h"
#include "exporter/loop.h"
#include "exporter/sampler.h"
#include "exporter/scheduler.h"

namespace sqlite_exporter {

namespace {

/// An old reader is one that two looks saw; one more for whoever came just now.
constexpr int kPasses = 3;

/// Keeps what a pass found; runs no SQL.
class Databases final : public SqlReader {
 public:
  bool wants_targets() const override { return true; }
  void update(SqlTargets targets) override { targets_ = std::move(targets); }
  void add_readings(std::string_view /*database*/, Batch& /*batch*/) const override {}
  std::vector<TextFamily> families() const override { return {}; }

  SqlTargets take() { return std::move(targets_); }

 private:
  SqlTargets targets_;
};

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
  Databases databases;
  Scheduler scheduler(config, {loop, sampler, log, tools, snapshot, paths, nullptr, published,
                               &databases, nullptr});
  scheduler.start();
  const bool ended = loop.run();
  return {snapshot->get(), databases.take(), scheduler.lock_holders(), sampler.stop() && ended};
}

}  // namespace sqlite_exporter
