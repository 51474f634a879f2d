/// Who reads, since when, and how much of the WAL that pins.
#pragma once

#include <cstddef>

#include "collectors/collector.h"

namespace sqlite_exporter {

extern const Collector kReadersCollector;

/// Whoever else holds the mark, an open file description holds it whose process is not known, and
/// held it already when the old reader there became old.
bool has_unknown_reader(const Look& look, std::size_t mark);

}  // namespace sqlite_exporter
