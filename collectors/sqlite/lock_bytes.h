/// The bytes SQLite locks: in the wal-index for WAL mode, in the database file for rollback mode.
#pragma once

#include <cstdint>

namespace sqlite_exporter {

inline constexpr std::uint64_t kWalWriteLock = 120;
inline constexpr std::uint64_t kWalCheckpointLock = 121;
inline constexpr std::uint64_t kWalRecoverLock = 122;
inline constexpr std::uint64_t kWalReadLock0 = 123;    ///< five of them, one for each read mark
inline constexpr std::uint64_t kDeadMansSwitch = 128;  ///< shared by every open WAL connection

inline constexpr std::uint64_t kPendingLock = 0x40000000;
inline constexpr std::uint64_t kReservedLock = kPendingLock + 1;
inline constexpr std::uint64_t kSharedLockFirst = kPendingLock + 2;
inline constexpr std::uint64_t kSharedLockLength = 510;

/// All of them: those of the wal-index from kWalWriteLock on, with the dead man's switch; those of
/// the database file from kPendingLock on.
inline constexpr std::uint64_t kWalLocksLength = kDeadMansSwitch - kWalWriteLock + 1;
inline constexpr std::uint64_t kDatabaseLocksLength =
    kSharedLockFirst + kSharedLockLength - kPendingLock;

}  // namespace sqlite_exporter
