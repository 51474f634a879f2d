#include "collectors/lock_time.h"

#include <utility>

namespace sqlite_exporter {

namespace {

bool is_of_database(Lock lock) {
  return lock == Lock::reserved || lock == Lock::pending || lock == Lock::exclusive;
}

}  // namespace

void LockTime::observe(const Moment& moment) {
  const bool same_transaction = std::exchange(commits_, moment.commits) == moment.commits;
  const bool same_checkpoint = std::exchange(n_backfill_, moment.n_backfill) == moment.n_backfill;
  for (std::size_t lock = 0; lock < kLockCount; ++lock) {
    const std::optional<LockHolder>& holder = moment.held[lock];
    std::optional<LockHold>& hold = holds_[lock];
    if (!holder) {
      hold.reset();
      continue;
    }
    seconds_[lock] += std::chrono::duration<double>(moment.instant.credit).count();
    if (lock == static_cast<std::size_t>(Lock::read)) continue;
    if (moment.exclusive_mode && is_of_database(static_cast<Lock>(lock))) {
      hold.reset();
      continue;
    }
    const bool same =
        lock == static_cast<std::size_t>(Lock::checkpoint) ? same_checkpoint : same_transaction;
    if (!hold || hold->pid != holder->pid || !same)
      hold = LockHold{moment.instant.steady, holder->pid};
  }
}

}  // namespace sqlite_exporter
