/// Which of several processes lost its locks: one that closed a file of its own database did.
#pragma once

#include <optional>

#include "collectors/attribution.h"
#include "collectors/node.h"
#include "collectors/owner.h"

namespace sqlite_exporter {

/// A connection in WAL mode holds SHARED and the switch from its beginning to its end. Told once
/// two readings of /proc/locks show a process with one of them, or reading or writing with neither,
/// and its own descriptors agree. `holders` is complete, `evidence.shm` and `node.locks` are set.
std::optional<LostLocks> find_lost_locks(const Holders& holders, const LockEvidence& evidence,
                                         const Node& node, AttributionState& state);

}  // namespace sqlite_exporter
