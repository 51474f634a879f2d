/// The list of all collectors: a collector that is not named here does not exist.
#pragma once

#include <span>
#include <string_view>

#include "collectors/collector.h"
#include "collectors/node_collector.h"

namespace sqlite_exporter {

/// Sorted by name.
std::span<const Collector* const> all_collectors();

/// Sorted by name, which a collector of databases may have too.
std::span<const NodeCollector* const> all_node_collectors();

/// Of both, sorted, each once; in static storage.
std::span<const std::string_view> collector_names();

/// 1 if the last full look succeeded: written by whoever runs the collectors, for each subject.
extern const Metric kUp;

}  // namespace sqlite_exporter
