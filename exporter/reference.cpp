#include "exporter/reference.h"

#include <set>

#include "collectors/holders.h"
#include "collectors/registry.h"
#include "exporter/own_metrics.h"

namespace sqlite_exporter {

std::vector<MetricGroup> all_metrics() {
  std::vector<MetricGroup> groups;
  groups.push_back({"up", {&kUp}, true});
  for (const Collector* collector : all_collectors())
    groups.push_back(
        {collector->name, {collector->metrics.begin(), collector->metrics.end()}, true});
  groups.push_back({"node", {&kAttributionLimited}, false});
  MetricGroup own{"exporter", {}, false};
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
