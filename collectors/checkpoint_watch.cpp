#include "collectors/checkpoint_watch.h"

#include <utility>

namespace sqlite_exporter {

namespace {

/// PRAGMA wal_autocheckpoint is 1,000 frames by default.
constexpr std::uint32_t kManyUnattendedFrames = 10'000;
constexpr std::chrono::seconds kLongUnattended(60);

bool is_complete(const WalIndex& index) { return index.n_backfill == index.mx_frame; }

bool same_progress(const WalIndex& one, const WalIndex& other) {
  return one.salts == other.salts && one.n_backfill == other.n_backfill &&
         one.n_backfill_attempted == other.n_backfill_attempted;
}

}  // namespace

void CheckpointWatch::observe(const Moment& moment) {
  if (last_ && moment.same_epoch) {
    observe_progress(moment);
    observe_failure(moment);
  } else {
    // After a recovery nBackfillAttempted stands at mxFrame, though nothing failed.
    failed_attempt_ = moment.index.n_backfill_attempted;
    suspected_.reset();
    waiting_since_.reset();
    running_ = moment.checkpointer.has_value();
  }
  observe_attendance(moment);
  last_ = moment;
}

void CheckpointWatch::observe_attendance(const Moment& moment) {
  const WalIndex& index = moment.index;
  const bool progress = last_ && last_->index.n_backfill != index.n_backfill;
  const bool waiting = index.mx_frame - index.n_backfill >= kManyUnattendedFrames &&
                       moment.pinned_frames == 0 && !moment.checkpointer && !progress;
  if (!waiting) {
    waiting_since_.reset();
  } else if (!waiting_since_) {
    waiting_since_ = moment.instant.steady;
  }
  totals_.unattended = waiting_since_ && moment.instant.steady - *waiting_since_ >= kLongUnattended;
}

void CheckpointWatch::observe_progress(const Moment& moment) {
  const WalIndex& before = last_->index;
  const WalIndex& index = moment.index;
  std::uint64_t completed = 0;
  if (index.salts == before.salts) {
    completed = index.n_backfill > before.n_backfill ? 1 : 0;
  } else {
    // Each reset follows a complete checkpoint; the first of them may have been seen before.
    completed = moment.resets + (index.n_backfill > 0 ? 1 : 0);
    const bool seen = before.mx_frame > 0 && is_complete(before);
    if (completed > 0 && moment.resets > 0 && seen) --completed;
  }
  if (completed > 0) {
    totals_.checkpoints += completed;
    totals_.last_progress = moment.instant.unix_time;
    running_ = false;
  } else if (running_ && last_->checkpointer && moment.checkpointer != last_->checkpointer) {
    ++totals_.checkpoints;  // it came and went, and got nowhere
    running_ = false;
  }
  if (moment.checkpointer && (!last_->checkpointer || last_->checkpointer != moment.checkpointer))
    running_ = true;
}

void CheckpointWatch::observe_failure(const Moment& moment) {
  const WalIndex& index = moment.index;
  if (index.salts != last_->index.salts) failed_attempt_ = 0;
  // All the processes before may have died, and a recovery leaves what looks like a failure.
  if (!moment.same_opener) {
    failed_attempt_ = index.n_backfill_attempted;
    suspected_.reset();
    return;
  }
  // While a checkpoint is at work the attempt is ahead of what is done: nothing to say yet.
  if (moment.checkpointer) {
    suspected_.reset();
    return;
  }
  if (index.n_backfill_attempted <= index.n_backfill) {
    failed_attempt_ = 0;
    suspected_.reset();
    return;
  }
  const bool episode = last_->checkpointer.has_value();
  if (suspected_ && same_progress(*suspected_, index)) {
    ++totals_.failures;
    failed_attempt_ = index.n_backfill_attempted;
    suspected_.reset();
  } else if (index.n_backfill_attempted != failed_attempt_ || episode) {
    suspected_ = index;
  }
}

}  // namespace sqlite_exporter
