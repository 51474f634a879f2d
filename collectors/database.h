/// The collector `database`: what the database file is, and what its newest page 1 says.
#pragma once

#include "collectors/collector.h"

namespace sqlite_exporter {

extern const Collector kDatabaseCollector;

}  // namespace sqlite_exporter
