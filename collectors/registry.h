/// The list of all collectors: a collector that is not named here does not exist.
#pragma once

#include <span>
#include <string_view>

#include "collectors/collector.h"

namespace sqlite_exporter {

/// Sorted by name.
std::span<const Collector* const> all_collectors();

/// In the same order; in static storage.
std::span<const std::string_view> collector_names();

/// 1 if the last full look succeeded: written by whoever runs the collectors, for each subject.
extern const Metric kUp;

}  // namespace sqlite_exporter
