/// Follows the checkpoints of a WAL from sample to sample: how many, how many failed, when one got
/// on.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "collectors/sample_instant.h"
#include "collectors/sqlite/wal_index.h"

namespace sqlite_exporter {

/// Both counters start at 0 when the database is first seen, and count what samples show.
struct CheckpointTotals {
  std::uint64_t checkpoints = 0;
  std::uint64_t failures = 0;  ///< began (nBackfillAttempted) and did not get there (nBackfill)
  double last_progress = 0;    ///< unix seconds; 0: none seen yet
  /// For a minute ten times as many frames have waited as SQLite's own default lets wait, nothing
  /// held them back, and no checkpoint was at work.
  bool unattended = false;
};

class CheckpointWatch {
 public:
  struct Moment {
    WalIndex index;
    std::optional<int> checkpointer;  ///< the pid that holds the checkpoint lock
    bool same_epoch = false;          ///< as at the last sample; else this is a new baseline
    bool same_opener = true;          ///< one process has been attached since the last sample
    std::uint64_t resets = 0;         ///< of the WAL since the last sample
    std::uint32_t pinned_frames = 0;
    SampleInstant instant;
  };

  void observe(const Moment& moment);

  const CheckpointTotals& totals() const { return totals_; }

 private:
  void observe_progress(const Moment& moment);
  void observe_failure(const Moment& moment);
  void observe_attendance(const Moment& moment);

  CheckpointTotals totals_;
  std::optional<Moment> last_;
  std::optional<std::chrono::steady_clock::time_point> waiting_since_;
  /// A lock seen held whose checkpoint has not been counted yet.
  bool running_ = false;
  /// An attempt beyond nBackfill that nobody is at: a failure, if the next sample says the same.
  std::optional<WalIndex> suspected_;
  std::uint32_t failed_attempt_ = 0;  ///< the nBackfillAttempted already counted or found
};

}  // namespace sqlite_exporter
