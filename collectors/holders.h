/// Which processes have the database open, by owner.
#pragma once

#include "collectors/collector.h"
#include "collectors/metric.h"

namespace sqlite_exporter {

extern const Collector kHoldersCollector;

/// 1 for each `AttributionLimit` that some look met: written by whoever runs the collectors, for
/// the node.
extern const Metric kAttributionLimited;

}  // namespace sqlite_exporter
