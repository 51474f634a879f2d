/// True counters of a WAL, kept from single moments of its wal-index: transactions, resets, frames.
///
/// iChange grows by 1 with each committed write transaction and restarts at 0 when the first
/// connection opens the database anew (after the last close, or to recover from a crash). A reset
/// of the WAL adds 1 to salt-1, whoever does it; so the number of resets between two moments is
/// known however far they lie apart, while the frames of generations never seen are not.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "collectors/linux/file.h"
#include "collectors/sqlite/wal_index.h"
#include "collectors/sqlite/wal_tail.h"

namespace sqlite_exporter {

/// salt-1 moves by 1 a reset; a writer that has not reset or recovered a WAL before draws a random
/// one instead (after TRUNCATE). 2^20 resets between two looks do not happen, a random step below
/// that is one in 4096.
inline constexpr std::uint32_t kMostResets = 1U << 20U;

/// All start at 0 when the database is first seen and never run backwards.
struct WalTotals {
  std::uint64_t transactions = 0;
  std::uint64_t frames_written = 0;  ///< committed ones; a lower bound
  std::uint64_t resets = 0;
  std::uint64_t unseen_generations = 0;  ///< how often frames may be missing
  std::uint64_t unseen_epochs = 0;       ///< how often transactions may be missing
  friend bool operator==(const WalTotals&, const WalTotals&) = default;
};

struct WalMoment {
  FileIdentity shm;
  bool attached = false;  ///< somebody holds the dead man's switch
  WalIndex index;
  bool frames_fit = true;  ///< the -wal is as long as mx_frame says, as far as that was asked
  /// Not set where what is counted was found in the frames themselves: then no pace bounds it.
  std::optional<std::chrono::steady_clock::time_point> taken;
};

class WalCounters {
 public:
  /// Answers with the last committed frame of a generation that has ended (at least its mx_frame),
  /// as `last_committed_frame_of` does. Only asked when a reset was seen.
  using TailScan = std::function<std::uint32_t(const OldGeneration&, const WalIndex& now)>;

  /// The first moment is the baseline and counts nothing. True if it continues the epoch of the
  /// moment before.
  bool observe(const WalMoment& now, const TailScan& scan_tail);
  /// There is no wal-index now: whatever comes next is a new epoch.
  void observe_absence(std::optional<std::chrono::steady_clock::time_point> taken = std::nullopt);
  /// Another database is looked at from now on: its first moment is a baseline too.
  void rebase();

  const WalTotals& totals() const { return totals_; }

 private:
  bool same_epoch(const WalMoment& now) const;
  bool is_possible(std::uint32_t steps, const WalMoment& now) const;
  bool count_transactions(const WalMoment& now, bool same_epoch);
  /// Nobody has it open, and it is not what was left behind under our eyes: a restore brings the
  /// -shm of another time along, with an iChange of its own.
  bool is_copied(const WalMoment& now, bool same_epoch) const;
  bool is_reset(const WalMoment& now) const;
  void count_frames(const WalMoment& now, bool same_epoch, const TailScan& scan_tail);

  bool started_ = false;
  bool absent_ = false;
  bool doubted_ = false;  ///< the last moment is none of SQLite's
  std::optional<WalMoment> last_;
  std::optional<std::chrono::steady_clock::time_point> looked_;
  WalTotals totals_;
};

}  // namespace sqlite_exporter
