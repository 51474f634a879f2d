/// Who reads, since when, and how much of the WAL that pins.
#pragma once

#include "collectors/collector.h"

namespace sqlite_exporter {

extern const Collector kReadersCollector;

}  // namespace sqlite_exporter
