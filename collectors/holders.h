/// Which processes have the database open, by owner.
#pragma once

#include "collectors/collector.h"
#include "collectors/metric.h"
#include "collectors/node_collector.h"

namespace sqlite_exporter {

extern const Collector kHoldersCollector;

/// What belongs to a process, and so to all databases that it has open.
extern const NodeCollector kHoldersNodeCollector;

/// 1 for each `AttributionLimit` that some look met: written by whoever runs the collectors, for
/// the node.
extern const Metric kAttributionLimited;

}  // namespace sqlite_exporter
