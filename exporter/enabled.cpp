#include "exporter/enabled.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "collectors/registry.h"
#include "exporter/own_metrics.h"
#include "exporter/scheduler.h"

namespace sqlite_exporter {

Enabled enabled_by(const Config& config) {
  Enabled enabled;
  const auto wanted = [&](const auto* collector) {
    return config.collector_enabled(collector->name);
  };
  std::ranges::copy_if(all_collectors(), std::back_inserter(enabled.collectors), wanted);
  std::ranges::copy_if(all_node_collectors(), std::back_inserter(enabled.node_collectors), wanted);
  enabled.names = {kLookName, kDiscoveryName};
  std::ranges::copy_if(collector_names(), std::back_inserter(enabled.names),
                       [&](std::string_view name) { return config.collector_enabled(name); });
  return enabled;
}

LookTools make_tools(const Config& config) {
  Enabled enabled = enabled_by(config);
  LookTools tools;
  tools.collectors = std::move(enabled.collectors);
  tools.node_collectors = std::move(enabled.node_collectors);
  tools.own_metrics = std::make_shared<OwnMetrics>(enabled.names);
  return tools;
}

}  // namespace sqlite_exporter
