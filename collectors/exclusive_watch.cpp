#include "collectors/exclusive_watch.h"

namespace sqlite_exporter {

namespace {

/// The clock of mtime goes in steps of up to 10 ms.
constexpr double kClockStep = 0.02;

}  // namespace

void ExclusiveWatch::observe_free(double unix_time) {
  hold_.reset();
  free_ = unix_time;
}

void ExclusiveWatch::observe(const DatabaseLocks& locks, const ExclusiveMoment& moment,
                             double unix_time) {
  if (!locks.exclusive()) return observe_free(unix_time);
  const int pid = locks.shared->pid;
  if (!hold_ || hold_->pid != pid) hold_ = Hold{pid, moment.change_counter};
  if (moment.journal.state != JournalState::absent) hold_->journal_seen = true;
  hold_->without_wal = moment.wal_absent ? hold_->without_wal + 1 : 0;
  if (is_mode() || shows_mode(locks, moment)) ++hold_->agreeing;
}

bool ExclusiveWatch::shows_mode(const DatabaseLocks& locks, const ExclusiveMoment& moment) const {
  if (!moment.journal_mode) return false;
  if (*moment.journal_mode == JournalMode::wal) return true;
  switch (moment.journal.state) {
    case JournalState::in_use: return false;
    case JournalState::finished:
      return !locks.reserved || moment.journal.modified > free_ - kClockStep;
    case JournalState::absent: break;
  }
  return !locks.reserved ||
         (!hold_->journal_seen && moment.change_counter != hold_->change_counter);
}

}  // namespace sqlite_exporter
