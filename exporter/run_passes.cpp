#include "exporter/run_passes.h"

#include <string_view>
#include <utility>
#include <vector>

#include "exporter/loop.h"
#include "exporter/sampler.h"
#include "exporter/scheduler.h"

namespace sqlite_exporter {

namespace {

/// Keeps what the last pass found.
class Databases final : public SqlReader {
 public:
  bool wants_targets() const override { return true; }
  void update(SqlTargets targets) override { targets_ = std::move(targets); }
  void add_readings(std::string_view /*database*/, Batch& /*batch*/) const override {}
  std::vector<TextFamily> families() const override { return {}; }

  std::optional<SqlTargets> take() { return std::move(targets_); }

 private:
  std::optional<SqlTargets> targets_;
};

}  // namespace

Passes run_passes(const Config& config, const Log& log, const NodePaths& paths,
                  const LookTools& tools, int count, std::span<const int> stop_signals) {
  const auto snapshot = std::make_shared<SnapshotCell>();
  Loop loop;
  const auto published = [&](const Snapshot&) {
    if (--count == 0) loop.stop();
  };
  Sampler sampler(CpuBudget(config.poll().cpu_budget, config.poll().interval), tools.cpu_time,
                  nullptr);
  Databases databases;
  Scheduler scheduler(config, {loop, sampler, log, tools, snapshot, paths, nullptr, published,
                               &databases, nullptr});
  for (const int signal_number : stop_signals)
    loop.on_signal(signal_number, [&loop] { loop.stop(); });
  scheduler.start();
  const bool ended = loop.run();
  return {snapshot->get(), databases.take(), scheduler.lock_holders(), sampler.stop() && ended};
}

}  // namespace sqlite_exporter
