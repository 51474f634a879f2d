#include "collectors/turn_watch.h"

namespace sqlite_exporter {

namespace {

/// Four times what PRAGMA wal_autocheckpoint lets wait by default.
constexpr std::uint32_t kManyFramesInTurn = 4'000;
constexpr std::chrono::seconds kLongInTurn(30);

/// Checkpoints do their work: what they have not reached is less than a tenth.
bool is_nearly_checkpointed(const WalIndex& index) {
  return index.n_backfill >= index.mx_frame - index.mx_frame / 10;
}

}  // namespace

void TurnWatch::observe(const Moment& moment) {
  const bool holds = moment.read_marks_held && !moment.held_back &&
                     moment.index.mx_frame >= kManyFramesInTurn &&
                     is_nearly_checkpointed(moment.index);
  if (!holds || (first_ && first_->index.salts != moment.index.salts)) return forget();
  if (!first_) first_ = moment;
  in_turn_ =
      moment.taken - first_->taken >= kLongInTurn && moment.index.mx_frame > first_->index.mx_frame;
}

}  // namespace sqlite_exporter
