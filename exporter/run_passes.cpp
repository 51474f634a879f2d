#include "exporter/run_passes.h"

#include <string_view>
#include <utility>
#include <vector>

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

Passes run_passes(const PassesParts& parts, Loop& loop, SqlReader& sql, const OwnReader& own_reader,
                  const std::function<bool(const Snapshot&)>& enough,
                  std::span<const int> stop_signals) {
  const auto snapshot = std::make_shared<SnapshotCell>();
  const auto published = [&](const Snapshot& now) {
    if (enough(now)) loop.stop();
  };
  // Over in a second: there is nothing to be spared.
  Sampler sampler(CpuBudget(1, parts.config.poll().interval), parts.tools.cpu_time, own_reader,
                  parts.tools.room);
  Scheduler scheduler(parts.config, {loop, sampler, parts.log, parts.tools, snapshot, parts.paths,
                                     nullptr, published, &sql, own_reader});
  for (const int signal_number : stop_signals)
    loop.on_signal(signal_number, [&loop] { loop.stop(); });
  scheduler.start();
  const bool ended = loop.run();
  return {snapshot->get(), {}, scheduler.lock_holders(), sampler.stop() && ended};
}

Passes run_passes(const PassesParts& parts, int count, std::span<const int> stop_signals) {
  Loop loop;
  Databases databases;
  Passes passes = run_passes(
      parts, loop, databases, nullptr, [&](const Snapshot&) { return --count == 0; }, stop_signals);
  passes.databases = databases.take();
  return passes;
}

}  // namespace sqlite_exporter
