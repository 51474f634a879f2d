/// The cgroups of the processes that hold databases, and of this one.
#pragma once

#include "collectors/node_collector.h"

namespace sqlite_exporter {

extern const NodeCollector kCgroupCollector;

}  // namespace sqlite_exporter
