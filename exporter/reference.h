/// Everything that may ever be exposed, gathered from the declarations.
#pragma once

#include <string_view>
#include <vector>

#include "exporter/describe.h"

namespace sqlite_exporter {

/// The name of the group of the exporter's own metrics.
inline constexpr std::string_view kOwnGroup = "exporter";

/// One group a collector, in the order of the registry, and the exporter's own at the end.
std::vector<MetricGroup> all_metrics();

/// The labels that database readings use, sorted: a static label of one of these names would
/// collide.
std::vector<std::string_view> reserved_labels();

}  // namespace sqlite_exporter
