/// What the daemon would serve, taken once by a process of its own.
#pragma once

#include <memory>

#include "collectors/node.h"
#include "exporter/config.h"
#include "exporter/log.h"
#include "exporter/snapshot.h"
#include "exporter/sql/sql_reader.h"

namespace sqlite_exporter {

struct TakenSnapshot {
  std::shared_ptr<const Snapshot> snapshot;
  SqlTargets databases;                             ///< all of them, by name
  std::shared_ptr<const LockHolders> lock_holders;  ///< may be null
  /// False if a thread still hangs on a mount that does not answer.
  bool ended = true;
};

/// Of a few passes, so that what takes two looks to be sure of is told; no SQL is run. A second or
/// two with the interval of `config`, which is to be short; more where mounts do not answer.
TakenSnapshot take_snapshot(const Config& config, const Log& log, const NodePaths& paths);

}  // namespace sqlite_exporter
