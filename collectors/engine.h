/// Defects of the SQLite that wrote page 1 of the database last.
#pragma once

#include "collectors/collector.h"

namespace sqlite_exporter {

extern const Collector kEngineCollector;

}  // namespace sqlite_exporter
