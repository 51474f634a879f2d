#include "exporter/selftest/find_targets.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <string_view>
#include <utility>

#include "exporter/own_metrics.h"
#include "exporter/run_passes.h"
#include "exporter/scheduler.h"

namespace sqlite_exporter {

std::vector<int> signals_to_hear() {
  if (::getpid() != 1) return {};
  return {SIGINT, SIGTERM};
}

FoundTargets find_targets(const Config& config, const Log& log, const NodePaths& paths) {
  constexpr std::array<std::string_view, 2> kNames = {kLookName, kDiscoveryName};
  LookTools tools;
  tools.own_metrics = std::make_shared<OwnMetrics>(kNames);

  Passes passes = run_passes({config, log, paths, tools}, 1, signals_to_hear());
  return {std::move(passes.databases), passes.ended};
}

}  // namespace sqlite_exporter
