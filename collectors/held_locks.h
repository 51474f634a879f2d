/// Which of SQLite's locks are held on a database at one moment, and by whom.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "collectors/base/result.h"
#include "collectors/linux/file.h"
#include "collectors/linux/lock_probe.h"

namespace sqlite_exporter {

/// The label value `lock`: three of the wal-index, three of the database file, and reading.
enum class Lock : std::uint8_t { write, checkpoint, recover, reserved, pending, exclusive, read };

inline constexpr std::array<std::string_view, 7> kLockNames = {
    "write", "checkpoint", "recover", "reserved", "pending", "exclusive", "read"};
inline constexpr std::size_t kLockCount = kLockNames.size();

constexpr std::string_view to_string(Lock lock) {
  return kLockNames[static_cast<std::size_t>(lock)];
}

/// The holder of each lock; F_GETLK names one of several, and a pid of 0 or -1 is a holder too.
using HeldLocks = std::array<std::optional<LockHolder>, kLockCount>;

inline constexpr std::size_t kReadMarks = 5;

/// Bytes 120 to 127 of the wal-index.
struct WalLocks {
  std::optional<LockHolder> write;
  std::optional<LockHolder> checkpoint;
  std::optional<LockHolder> recover;
  /// Readers only: whoever moves a read mark or checkpoints locks it exclusively for a moment.
  std::array<std::optional<LockHolder>, kReadMarks> read;
};

/// PENDING, RESERVED and SHARED of the database file.
struct DatabaseLocks {
  std::optional<LockHolder> pending;
  std::optional<LockHolder> reserved;
  std::optional<LockHolder> shared;  ///< EXCLUSIVE, where its `exclusive` is set

  bool any() const { return pending || reserved || shared; }
  bool exclusive() const { return shared && shared->exclusive; }
};

/// One probe where nothing is held, at most eleven.
Result<WalLocks> wal_locks_of(const File& shm);
/// Two probes where no writer is at work, else four.
Result<DatabaseLocks> database_locks_of(const File& database);

/// Forgets the read locks that F_GETLK gives this process: those of our own SQL worker.
void forget_reads_of(int pid, WalLocks& locks);
void forget_reads_of(int pid, DatabaseLocks& locks);

HeldLocks held_locks(const WalLocks& locks);
HeldLocks held_locks(const DatabaseLocks& locks);

}  // namespace sqlite_exporter
