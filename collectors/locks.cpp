#include "collectors/locks.h"

#include <algorithm>
#include <chrono>

namespace sqlite_exporter {

namespace {

constexpr Metric kHeldSeconds =
    counter("sqlite_lock_held_seconds_total",
            "Time a lock was held since first seen, estimated without bias from samples at random "
            "instants: write, checkpoint, recover and read of the wal-index, reserved, pending, "
            "exclusive and read (SHARED) of the database file.",
            {"lock"});
constexpr Metric kCurrentHold =
    gauge("sqlite_lock_current_hold_seconds",
          "The hold now in force, at least so long: one process, and since then no commit (of "
          "checkpoint: no frame copied); none for read, and none in states wal_exclusive and "
          "rollback_exclusive, where locks outlive commits.",
          {"lock"});

constexpr const Metric* kLocksMetrics[] = {&kHeldSeconds, &kCurrentHold};

/// The locks that belong to the mode of the database; the others are told once they were seen.
bool belongs_to_mode(const Look& look, Lock lock) {
  const bool rollback =
      look.main_header && look.main_header->journal_mode == JournalMode::rollback && !look.attached;
  const bool wal = look.wal_seen && !rollback;
  switch (lock) {
    case Lock::write:
    case Lock::checkpoint:
    case Lock::recover: return wal;
    case Lock::reserved:
    case Lock::pending:
    case Lock::exclusive: return rollback;
    case Lock::read: return wal || rollback;
  }
  return false;
}

Result<void> look_at_locks(const Look& look, Batch& batch) {
  const LockTime& time = look.sample.lock_time;
  for (std::size_t i = 0; i < kLockCount; ++i) {
    const Lock lock = static_cast<Lock>(i);
    const double seconds = time.seconds(lock);
    if (look.sample.random_instants && (seconds > 0 || belongs_to_mode(look, lock)))
      batch.add(kHeldSeconds, seconds, {kLockNames[i]});
    if (const std::optional<LockHold>& hold = time.hold(lock)) {
      // A sample that failed half-way may have seen the lock later than the last whole one.
      const std::chrono::duration<double> held = look.sample.taken - hold->since;
      batch.add(kCurrentHold, std::max(0.0, held.count()), {kLockNames[i]});
    }
  }
  return {};
}

}  // namespace

const Collector kLocksCollector = {"locks", kLocksMetrics, look_at_locks};

}  // namespace sqlite_exporter
