/// How long SQLite's locks are held, in all and right now.
#pragma once

#include "collectors/collector.h"

namespace sqlite_exporter {

extern const Collector kLocksCollector;

}  // namespace sqlite_exporter
