/// The reference of metrics and configuration, printed from the declarations in the code.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/metric.h"

namespace sqlite_exporter {

enum class DescribeFormat : std::uint8_t { markdown, json };

/// What one collector declares; `collector` is the heading.
struct MetricGroup {
  std::string_view collector;
  std::vector<const Metric*> metrics;
  bool per_database;  ///< samples carry the label `database`, which a declaration leaves out
};

/// JSON: one array `[{"name","help","type","labels":[...]}]` sorted by name. Markdown: a table a
/// group, in the order of `groups`; those of one collector that follow each other share one.
std::string describe_metrics(std::span<const MetricGroup> groups, DescribeFormat format);

std::string describe_config(DescribeFormat format);

}  // namespace sqlite_exporter
