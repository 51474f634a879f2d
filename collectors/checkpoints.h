/// Checkpoints of a WAL: how many, how they ended, and what keeps the next one from its work.
#pragma once

#include "collectors/collector.h"

namespace sqlite_exporter {

extern const Collector kCheckpointsCollector;

}  // namespace sqlite_exporter
