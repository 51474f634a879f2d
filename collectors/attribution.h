/// Which processes hold the locks of a database, and whose they are.
///
/// F_GETLK names one holder of a byte, and never a wrong one. /proc/locks names all, but by device
/// and inode, which on btrfs or overlayfs may belong to another file: who is found there alone
/// counts once its own descriptors confirm it. Those of open file descriptions have no pid in
/// either: descriptors alone tell (collectors/description_holders.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "collectors/held_locks.h"
#include "collectors/linux/file.h"
#include "collectors/node.h"
#include "collectors/owner.h"
#include "collectors/wal_workers.h"

namespace sqlite_exporter {

/// What a look knows of the locks of one database.
struct LockEvidence {
  FileIdentity database;
  std::optional<FileIdentity> shm;  ///< while somebody is attached
  std::optional<LockHolder> dead_mans_switch;
  DatabaseLocks database_locks;
  WalLocks wal_locks;
  WalWorkerPids workers{};  ///< met at work by samples
};

/// What lives from one look to the next.
struct AttributionState {
  /// Processes whose descriptors were looked at and found to have the files open, by pid and start.
  std::set<std::pair<int, std::uint64_t>> confirmed;
  std::pair<FileIdentity, std::optional<FileIdentity>> confirmed_for;  ///< database and -shm
  /// Processes that held both locks of a connection in WAL mode when last looked at.
  std::set<std::pair<int, std::uint64_t>> whole;
  /// Who holds the switch as F_GETLK says, and not in the table of that time: he may be new.
  std::optional<std::pair<int, std::chrono::steady_clock::time_point>> missing;
  /// A process with one of two locks, and when the table was read that showed it first.
  std::optional<std::pair<int, std::chrono::steady_clock::time_point>> suspect;
  /// A process that was shown to have lost both, by pid and start.
  std::optional<std::pair<int, std::uint64_t>> lost_both;
  /// A process met at work with neither lock, and the table that did not list it then.
  std::optional<std::pair<int, std::chrono::steady_clock::time_point>> worker;
  /// When the table was read that first showed an open file description of nobody.
  std::optional<std::chrono::steady_clock::time_point> undescribed;
};

/// Reads /proc only for holders not seen before. `node.locks` is set.
Holders attribute(const LockEvidence& evidence, const Node& node, AttributionState& state);

}  // namespace sqlite_exporter
