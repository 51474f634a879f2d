/// The collector `wal`: how much is in the write-ahead log, how much of it is checkpointed, and
/// what went through it.
#pragma once

#include "collectors/collector.h"

namespace sqlite_exporter {

extern const Collector kWalCollector;

}  // namespace sqlite_exporter
