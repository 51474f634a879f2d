#include "collectors/overwrite_watch.h"

namespace sqlite_exporter {

/// Without salts no frame was ever written: the wal-index of one who has just come, and the next
/// one looks the same, however many have come and gone in between.
bool OverwriteWatch::is_at_rest(const Moment& moment) {
  return moment.index && moment.index->salts != WalSalts{} && moment.header &&
         !moment.checkpointing && moment.index->n_backfill_attempted == moment.index->n_backfill;
}

bool OverwriteWatch::no_checkpoint_since(const Moment& moment) const {
  return last_ && is_at_rest(*last_) && is_at_rest(moment) &&
         last_->index->salts == moment.index->salts &&
         last_->index->n_backfill == moment.index->n_backfill &&
         last_->index->mx_frame <= moment.index->mx_frame;
}

bool OverwriteWatch::knows(const Moment& moment) const {
  return no_checkpoint_since(moment) && is_unchanged(moment.before, last_->after);
}

bool OverwriteWatch::was_written_to(const Moment& moment) const {
  if (!no_checkpoint_since(moment) || moment.before.modified == last_->after.modified) return false;
  // A touch moves the time alone. What a restored file says of itself is not what this one said.
  return moment.before.size != last_->after.size || *moment.header != *last_->header;
}

bool OverwriteWatch::observe(const Moment& moment) {
  const bool same_file = last_ && last_->after.identity == moment.before.identity;
  if (!moment.index || !same_file) {
    overwritten_ = false;
  } else {
    overwritten_ = overwritten_ || was_written_to(moment);
  }
  last_ = moment;
  return overwritten_;
}

}  // namespace sqlite_exporter
