#include "collectors/held_locks.h"

#include "collectors/sqlite/lock_bytes.h"

namespace sqlite_exporter {

namespace {

struct Probe {
  std::uint64_t offset;
  std::uint64_t length;
  std::optional<LockHolder>* holder;
};

/// Asks for all ranges at once first: most of the time nothing is held.
template <std::size_t N>
Result<void> probe(const File& file, const std::array<Probe, N>& probes) {
  const std::uint64_t begin = probes.front().offset;
  const std::uint64_t end = probes.back().offset + probes.back().length;
  const auto any = lock_on(file, begin, end - begin);
  if (!any) return fail(any.error());
  if (!*any) return {};
  for (const Probe& each : probes) {
    const auto holder = lock_on(file, each.offset, each.length);
    if (!holder) return fail(holder.error());
    *each.holder = *holder;
  }
  return {};
}

std::optional<LockHolder>& holder_of(HeldLocks& held, Lock lock) {
  return held[static_cast<std::size_t>(lock)];
}

}  // namespace

Result<WalLocks> wal_locks_of(const File& shm) {
  WalLocks locks;
  const auto any = lock_on(shm, kWalWriteLock, kDeadMansSwitch - kWalWriteLock);
  if (!any) return fail(any.error());
  if (!*any) return locks;
  const Result<void> writers = probe<3>(shm, {{{kWalWriteLock, 1, &locks.write},
                                               {kWalCheckpointLock, 1, &locks.checkpoint},
                                               {kWalRecoverLock, 1, &locks.recover}}});
  if (!writers) return fail(writers.error());
  const Result<void> readers = probe<kReadMarks>(shm, {{{kWalReadLock0, 1, &locks.read[0]},
                                                        {kWalReadLock0 + 1, 1, &locks.read[1]},
                                                        {kWalReadLock0 + 2, 1, &locks.read[2]},
                                                        {kWalReadLock0 + 3, 1, &locks.read[3]},
                                                        {kWalReadLock0 + 4, 1, &locks.read[4]}}});
  if (!readers) return fail(readers.error());
  for (std::optional<LockHolder>& reader : locks.read)
    if (reader && reader->exclusive) reader.reset();
  return locks;
}

Result<DatabaseLocks> database_locks_of(const File& database) {
  DatabaseLocks locks;
  // In WAL mode SHARED is held all the time: asked for alone it does not make the others likely.
  const auto shared = lock_on(database, kSharedLockFirst, kSharedLockLength);
  if (!shared) return fail(shared.error());
  locks.shared = *shared;
  const Result<void> writers = probe<2>(
      database, {{{kPendingLock, 1, &locks.pending}, {kReservedLock, 1, &locks.reserved}}});
  if (!writers) return fail(writers.error());
  return locks;
}

void forget_reads_of(int pid, WalLocks& locks) {
  for (std::optional<LockHolder>& reader : locks.read)
    if (pid > 0 && reader && reader->pid == pid) reader.reset();
}

void forget_reads_of(int pid, DatabaseLocks& locks) {
  // A reader takes PENDING, shared, for a moment on its way to SHARED.
  for (std::optional<LockHolder>* const lock : {&locks.shared, &locks.pending})
    if (pid > 0 && *lock && !(*lock)->exclusive && (*lock)->pid == pid) lock->reset();
}

HeldLocks held_locks(const WalLocks& locks) {
  HeldLocks held;
  holder_of(held, Lock::write) = locks.write;
  holder_of(held, Lock::checkpoint) = locks.checkpoint;
  holder_of(held, Lock::recover) = locks.recover;
  for (const std::optional<LockHolder>& reader : locks.read)
    if (reader) holder_of(held, Lock::read) = reader;
  return held;
}

HeldLocks held_locks(const DatabaseLocks& locks) {
  HeldLocks held;
  holder_of(held, Lock::pending) = locks.pending;
  holder_of(held, Lock::reserved) = locks.reserved;
  holder_of(held, locks.exclusive() ? Lock::exclusive : Lock::read) = locks.shared;
  return held;
}

}  // namespace sqlite_exporter
