#include "exporter/reference.h"

#include <set>

#include "collectors/holders.h"
#include "collectors/registry.h"
#include "exporter/own_metrics.h"
#include "exporter/sql/query_readings.h"
#include "exporter/sql/sync_readings.h"

namespace sqlite_exporter {

std::vector<MetricGroup> all_metrics() {
  std::vector<MetricGroup> groups;
  groups.push_back({"up", {&kUp}, true});
  const auto add_named = [&](std::string_view name, const auto& collectors, bool per_database) {
    for (const auto* collector : collectors)
      if (collector->name == name)
        groups.push_back(
            {name, {collector->metrics.begin(), collector->metrics.end()}, per_database});
  };
  for (const std::string_view name : collector_names()) {
    add_named(name, all_collectors(), true);
    add_named(name, all_node_collectors(), false);
  }
  groups.push_back({"query", {&kQuerySuccess, &kQueryDuration, &kQuerySkipped}, true});
  groups.push_back({kSyncName,
                    {&kSyncLastSuccess, &kSyncPendingRows, &kSyncPendingRowsCapped, &kSyncState},
                    true});
  groups.push_back({"node", {&kAttributionLimited}, false});
  MetricGroup own{kOwnGroup, {}, false};
  for (const Metric& metric : OwnMetrics::declarations()) own.metrics.push_back(&metric);
  groups.push_back(std::move(own));
  return groups;
}

std::vector<std::string_view> reserved_labels() {
  std::set<std::string_view> labels;
  for (const MetricGroup& group : all_metrics()) {
    if (!group.per_database) continue;
    for (const Metric* metric : group.metrics)
      labels.insert(metric->labels().begin(), metric->labels().end());
  }
  return {labels.begin(), labels.end()};
}

}  // namespace sqlite_exporter
