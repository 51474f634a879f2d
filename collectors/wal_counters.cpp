#include "collectors/wal_counters.h"

#include <algorithm>

#include "collectors/commit_pace.h"
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

bool WalCounters::is_possible(std::uint32_t steps, const WalMoment& now) const {
  return !now.taken || !looked_ || is_within_pace(steps, *now.taken - *looked_);
}

bool WalCounters::observe(const WalMoment& now, const TailScan& scan_tail) {
  const bool same = last_ && same_epoch(now);
  const bool believed = !started_ || count_transactions(now, same);
  if (!started_) {
    started_ = true;
  } else if (!believed || !now.frames_fit) {
    if (!now.frames_fit || (last_ && last_->index.mx_frame > 0)) ++totals_.unseen_generations;
  } else if (!last_) {
    totals_.frames_written += frames_of_new(now.index);
  } else {
    count_frames(now, same, scan_tail);
  }
  last_ = now;
  looked_ = now.taken;
  absent_ = false;
  return same && believed;
}

bool WalCounters::count_transactions(const WalMoment& now, bool same_epoch) {
  const std::uint32_t steps =
      same_epoch ? now.index.i_change - last_->index.i_change : now.index.i_change;
  // Each transaction appends a frame at least.
  const bool has_frames = !same_epoch || now.index.salts != last_->index.salts ||
                          steps <= now.index.mx_frame - last_->index.mx_frame;
  const bool possible = has_frames && is_possible(steps, now);
  const bool back_from_doubt = doubted_ && !same_epoch;
  if (!possible || back_from_doubt || is_copied(now, same_epoch)) {
    ++totals_.unseen_epochs;
    doubted_ = !possible;
    return false;
  }
  if (steps > 0) doubted_ = false;
  totals_.transactions += steps;
  return true;
}

bool WalCounters::is_copied(const WalMoment& now, bool same_epoch) const {
  if (now.attached) return false;
  if (!same_epoch) return now.index.i_change > 0;
  const WalSalts& before = last_->index.salts;
  return now.index.salts != before && before != WalSalts{} && !is_reset(now);
}

bool WalCounters::is_reset(const WalMoment& now) const {
  const std::uint32_t resets = now.index.salts.salt1 - last_->index.salts.salt1;
  return last_->index.salts != WalSalts{} && resets >= 1 && resets <= kMostResets &&
         is_possible(resets, now);
}

void WalCounters::observe_absence(std::optional<std::chrono::steady_clock::time_point> taken) {
  started_ = true;
  absent_ = true;
  looked_ = taken;
}

void WalCounters::rebase() {
  started_ = false;
  absent_ = false;
  doubted_ = false;
  last_.reset();
  looked_.reset();
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
  if (is_reset(now)) {
    const std::uint32_t resets = index.salts.salt1 - before.salts.salt1;
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
