#include "collectors/wal_counters.h"

#include <algorithm>

#include "collectors/counter_advance.h"

namespace sqlite_exporter {

namespace {

/// Frames of a wal-index that is new to us: not those that its recovery found in the WAL, which is
/// what it sets nBackfillAttempted to. A checkpoint sets that anew; but each transaction wrote one.
std::uint32_t frames_of_new(const WalIndex& index) {
  if (index.i_change == 0) return 0;
  const std::uint32_t found = std::min(index.n_backfill_attempted, index.mx_frame);
  return std::max(index.mx_frame - found, std::min(index.i_change, index.mx_frame));
}

}  // namespace

bool WalCounters::same_epoch(const WalMoment& now) const {
  if (last_->shm != now.shm) return false;
  // A new wal-index may get the inode of the old one, but not its salts: else it was out of sight.
  if (absent_ && (now.index.salts != last_->index.salts || now.index.salts == WalSalts{}))
    return false;
  if (!counter_advance(last_->index.i_change, now.index.i_change)) return false;
  // Nothing but a recovery takes back frames, or what was checkpointed, within one generation.
  if (now.index.salts == last_->index.salts && (now.index.mx_frame < last_->index.mx_frame ||
                                                now.index.n_backfill < last_->index.n_backfill))
    return false;
  // Whoever takes the dead man's switch first recovers the wal-index, which restarts iChange even
  // where it has passed its old value since. An unchanged wal-index was not recovered: then the
  // locks are of a kind that cannot always be seen.
  const bool reopened = !last_->attached && now.attached;
  return !reopened || last_->index == now.index;
}

bool WalCounters::observe(const WalMoment& now, const TailScan& scan_tail) {
  const bool same = last_ && same_epoch(now);
  if (!started_) {
    started_ = true;
  } else if (!last_) {
    totals_.transactions += now.index.i_change;
    totals_.frames_written += frames_of_new(now.index);
  } else {
    totals_.transactions += same ? now.index.i_change - last_->index.i_change : now.index.i_change;
    count_frames(now, same, scan_tail);
  }
  last_ = now;
  absent_ = false;
  return same;
}

void WalCounters::observe_absence() {
  started_ = true;
  absent_ = true;
}

void WalCounters::rebase() {
  started_ = false;
  absent_ = false;
  last_.reset();
}

void WalCounters::count_frames(const WalMoment& now, bool same_epoch, const TailScan& scan_tail) {
  const WalIndex& before = last_->index;
  const WalIndex& index = now.index;
  if (index.salts == before.salts) {
    // Recovery may find fewer frames than there were: those were counted, and stay counted.
    if (index.mx_frame > before.mx_frame)
      totals_.frames_written += index.mx_frame - before.mx_frame;
    return;
  }
  totals_.frames_written += same_epoch ? index.mx_frame : frames_of_new(index);
  if (!same_epoch) {
    if (before.mx_frame > 0) ++totals_.unseen_generations;
    return;
  }
  const std::uint32_t resets = index.salts.salt1 - before.salts.salt1;
  const bool counted = before.salts != WalSalts{} && resets >= 1 && resets <= kMostResets;
  if (counted) {
    totals_.resets += resets;
    totals_.unseen_generations += resets - 1;
  } else if (before.mx_frame > 0 || index.mx_frame == 0) {
    ++totals_.resets;
    ++totals_.unseen_generations;
  }
  // After an empty generation other salts than expected are no reset: its first writer drew new
  // ones. But if there is nothing again, what he wrote has come and gone.
  if (before.mx_frame > 0) {
    const OldGeneration old{before.salts, before.mx_frame};
    totals_.frames_written += std::max(scan_tail(old, index), old.mx_frame) - old.mx_frame;
  }
}

}  // namespace sqlite_exporter
