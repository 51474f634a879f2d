#include "collectors/exclusive_watch.h"

namespace sqlite_exporter {

namespace {

/// The clock of mtime goes in steps of up to 10 ms.
constexpr double kClockStep = 0.02;

/// How many samples in succession find one commit, where transactions were seen before it.
constexpr unsigned kSamplesAfterWork = 10;

/// How many samples in succession find EXCLUSIVE before the commits between them are taken for
/// those of one hold.
constexpr unsigned kSamplesUnderLoad = 50;

constexpr std::uint64_t distance(std::uint32_t a, std::uint32_t b) { return a > b ? a - b : b - a; }

}  // namespace

void ExclusiveWatch::observe_free(double unix_time) {
  hold_.reset();
  free_ = unix_time;
}

void ExclusiveWatch::observe(const DatabaseLocks& locks, const ExclusiveMoment& moment,
                             double unix_time) {
  if (!locks.exclusive()) return observe_free(unix_time);
  const int pid = locks.shared->pid;
  const bool another = hold_ && hold_->pid == pid && locks.reserved && was_given_back(moment);
  if (!hold_ || hold_->pid != pid || another) {
    hold_ = Hold();
    hold_->pid = pid;
    hold_->first = moment;
    hold_->follows = hold_->worked = another;
  }
  ++hold_->samples;
  if (moment.journal.state != JournalState::absent) hold_->journal_seen = true;
  hold_->without_wal = moment.wal_absent ? hold_->without_wal + 1 : 0;
  if (moment.journal.state == JournalState::in_use) hold_->worked = true;
  if (!shows_mode(locks, moment)) {
    hold_->at_rest = 0;
    return;
  }
  const bool agrees = hold_->agreed.has_value();
  const Commit commit{moment.change_counter, moment.journal.modified};
  hold_->at_rest = hold_->agreed == commit ? hold_->at_rest + 1 : 1;
  // Only the mode holds EXCLUSIVE in WAL mode, or without RESERVED.
  const bool proven = moment.journal_mode == JournalMode::wal || !locks.reserved ||
                      hold_->at_rest >= (hold_->worked ? kSamplesAfterWork : 2) ||
                      hold_->samples >= kSamplesUnderLoad;
  hold_->mode = hold_->mode || (agrees && proven);
  hold_->agreed = commit;
}

bool ExclusiveWatch::was_given_back(const ExclusiveMoment& moment) const {
  const ExclusiveMoment& first = hold_->first;
  if (hold_->mode || moment.journal_mode != JournalMode::rollback) return false;
  if (!moment.change_counter || !first.change_counter) return false;
  // Its first commit moves the counter in the mode, too.
  const std::uint64_t may_move =
      1 + distance(moment.pages, first.pages) + distance(moment.free_pages, first.free_pages);
  return *moment.change_counter - *first.change_counter > may_move;
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
         (!hold_->journal_seen && moment.change_counter != hold_->first.change_counter);
}

}  // namespace sqlite_exporter
