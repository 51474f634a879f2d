/// Follows the readers of a WAL from sample to sample: since when each read mark holds frames back.
///
/// A checkpoint may copy frames up to the smallest mark that a reader holds; a mark nobody holds is
/// a leftover and pins nothing. READ0 is the worst: its reader sees the database file alone, so
/// that while it lives nothing at all may be copied. New readers take a mark at mxFrame, and READ0
/// only while there is no backlog: so whoever holds less is old, and it is one and the same reader.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "collectors/held_locks.h"
#include "collectors/sqlite/wal_index.h"

namespace sqlite_exporter {

/// A reader whose snapshot lies below mxFrame.
struct OldReader {
  std::uint32_t safe_frame = 0;                 ///< the frame up to which it lets a checkpoint copy
  std::chrono::steady_clock::time_point since;  ///< at least so long; seen at each sample since
  bool seen_twice = false;                      ///< at this sample and the one before
};

/// One for each read mark.
using OldReaders = std::array<std::optional<OldReader>, kReadMarks>;

/// The frame up to which the reader that holds mark `mark` lets a checkpoint copy; none if it holds
/// nothing back: nobody holds the mark, or its reader sees all there is.
std::optional<std::uint32_t> safe_frame_of(const WalIndex& index, const WalLocks& locks,
                                           std::size_t mark);

/// mxFrame less the frame at which a checkpoint that begins now must stop.
std::uint32_t pinned_frames(const WalIndex& index, const WalLocks& locks);

/// Forgets the locks on marks that moved from one reading of the wal-index to the next: their
/// readers are not those that the locks, probed in between, belong to.
void drop_moved_readers(const WalIndex& before, const WalIndex& after, WalLocks& locks);

class ReaderWatch {
 public:
  /// `locks` without those on moved marks.
  void observe(const WalIndex& index, const WalLocks& locks,
               std::chrono::steady_clock::time_point now);
  /// Nobody is attached, or nothing could be read: whatever comes next is seen for the first time.
  void forget() { readers_ = {}; }

  const OldReaders& readers() const { return readers_; }

 private:
  OldReaders readers_;
  WalSalts salts_;
};

}  // namespace sqlite_exporter
