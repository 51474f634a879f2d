/// The WAL of a database that one connection keeps for itself: what is counted in its frames.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "collectors/linux/file.h"
#include "collectors/sqlite/wal_follower.h"
#include "collectors/wal_counters.h"

namespace sqlite_exporter {

/// Owned by the sampler. The first complete reading under a hold is the baseline, unless there was
/// no WAL before it. Transactions are commit frames, so those of a generation that came and went
/// between two samples are not counted.
class ExclusiveWal {
 public:
  /// A sample under the hold; opens the -wal and reads at most 4 MiB of it, nothing while it stays
  /// as it is. What cannot be read is not known, and no error.
  void observe(const std::string& database);
  /// Nobody holds the database for himself; `wal_empty` where it was seen to have no WAL, or an
  /// empty one: what is found in it later was committed since.
  void end(bool wal_empty = false);

  /// Not set until the first frames were followed to their end, and where the writer is faster.
  const std::optional<FollowedWal>& content() const { return content_; }
  /// Of all holds; never run backwards.
  const WalTotals& totals() const { return counters_.totals(); }

 private:
  void count(const File& wal, const FileStatus& status);

  WalFollower follower_;
  WalCounters counters_;
  std::optional<FollowedWal> content_;
  std::optional<FollowedWal> counted_;  ///< as the counters saw it last
  std::uint32_t tail_commits_ = 0;      ///< of generations that ended, beyond what was followed
  std::optional<FileStatus> status_;
  bool began_empty_ = false;
  bool settled_ = false;  ///< read to its end after `status_` was seen
  unsigned behind_ = 0;   ///< steps in succession that did not come to the end
};

}  // namespace sqlite_exporter
