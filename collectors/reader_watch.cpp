#include "collectors/reader_watch.h"

#include <algorithm>

namespace sqlite_exporter {

namespace {

/// Once all four marks are taken, a new reader shares the highest of them: what holds that one may
/// be a different reader each time.
std::optional<std::size_t> shared_mark(const WalIndex& index, const WalLocks& locks) {
  std::size_t highest = 1;
  for (std::size_t mark = 1; mark < kReadMarks; ++mark) {
    if (!locks.read[mark]) return std::nullopt;
    if (index.read_mark[mark] > index.read_mark[highest]) highest = mark;
  }
  return highest;
}

}  // namespace

std::optional<std::uint32_t> safe_frame_of(const WalIndex& index, const WalLocks& locks,
                                           std::size_t mark) {
  if (!locks.read[mark] || index.n_backfill >= index.mx_frame) return std::nullopt;
  if (mark == 0) return index.n_backfill;
  if (index.read_mark[mark] >= index.mx_frame) return std::nullopt;
  return index.read_mark[mark];
}

std::uint32_t pinned_frames(const WalIndex& index, const WalLocks& locks) {
  std::uint32_t safe = index.mx_frame;
  for (std::size_t mark = 0; mark < kReadMarks; ++mark)
    safe = std::min(safe, safe_frame_of(index, locks, mark).value_or(safe));
  return index.mx_frame - std::max(safe, index.n_backfill);
}

void drop_moved_readers(const WalIndex& before, const WalIndex& after, WalLocks& locks) {
  for (std::size_t mark = 0; mark < kReadMarks; ++mark)
    if (before.salts != after.salts || before.read_mark[mark] != after.read_mark[mark])
      locks.read[mark].reset();
}

void ReaderWatch::observe(const WalIndex& index, const WalLocks& locks,
                          std::chrono::steady_clock::time_point now) {
  const OldReaders before = readers_;
  const bool same_generation = salts_ == index.salts;
  const std::optional<std::size_t> shared = shared_mark(index, locks);
  salts_ = index.salts;
  for (std::size_t mark = 0; mark < kReadMarks; ++mark) {
    readers_[mark].reset();
    const std::optional<std::uint32_t> safe = safe_frame_of(index, locks, mark);
    if (!safe) continue;
    const bool same =
        same_generation && before[mark] && before[mark]->safe_frame == *safe && shared != mark;
    readers_[mark] = OldReader{*safe, same ? before[mark]->since : now, same};
  }
}

}  // namespace sqlite_exporter
