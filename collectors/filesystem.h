/// The collector `filesystem`: what databases lie on, how full it is, and what is risky about it.
#pragma once

#include "collectors/collector.h"
#include "collectors/node_collector.h"

namespace sqlite_exporter {

/// The risks of each database.
extern const Collector kFilesystemCollector;

/// The figures of each mount.
extern const NodeCollector kFilesystemNodeCollector;

}  // namespace sqlite_exporter
