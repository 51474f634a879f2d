#include "exporter/selftest/find_targets.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <string_view>
#include <utility>

#include "exporter/loop.h"
#include "exporter/own_metrics.h"
#include "exporter/sampler.h"
#include "exporter/scheduler.h"

namespace sqlite_exporter {

namespace {

/// Takes what the first pass found, and ends the loop.
class FirstPass final : public SqlReader {
 public:
  explicit FirstPass(Loop& loop) : loop_(loop) {}

  bool wants_targets() const override { return !targets_; }
  void update(SqlTargets targets) override {
    targets_ = std::move(targets);
    loop_.stop();
  }
  void add_readings(std::string_view /*database*/, Batch& /*batch*/) const override {}
  std::vector<TextFamily> families() const override { return {}; }

  std::optional<SqlTargets> take() { return std::move(targets_); }

 private:
  Loop& loop_;
  std::optional<SqlTargets> targets_;
};

}  // namespace

std::vector<int> signals_to_hear() {
  if (::getpid() != 1) return {};
  return {SIGINT, SIGTERM};
}

FoundTargets find_targets(const Config& config, const Log& log, const NodePaths& paths) {
  constexpr std::array<std::string_view, 2> kNames = {kLookName, kDiscoveryName};
  LookTools tools;
  tools.own_metrics = std::make_shared<OwnMetrics>(kNames);

  Loop loop;
  FirstPass first(loop);
  Sampler sampler(CpuBudget(config.poll().cpu_budget, config.poll().interval), tools.cpu_time,
                  nullptr);
  Scheduler scheduler(config, {loop,
                               sampler,
                               log,
                               tools,
                               std::make_shared<SnapshotCell>(),
                               paths,
                               nullptr,
                               {},
                               &first,
                               nullptr});
  for (const int signal_number : signals_to_hear())
    loop.on_signal(signal_number, [&loop] { loop.stop(); });
  scheduler.start();
  const bool ended = loop.run();
  return {first.take(), sampler.stop() && ended};
}

}  // namespace sqlite_exporter
