/// The sample: the short, frequent look at one database's wal-index and its dead man's switch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/sample.h"
#include "collectors/wal_counters.h"

namespace sqlite_exporter {

/// Owned and driven by one thread. `pread` and F_GETLK only; opens at most -shm (while nobody is
/// attached), the database (once, when somebody is) and -wal (after a reset).
class WalWatch {
 public:
  /// `database` is a realpath: SQLite puts -wal and -shm beside the target of a symbolic link.
  explicit WalWatch(std::string database);

  /// The database moved (a symbolic link was changed). Counters go on.
  void set_path(std::string database);

  /// One look. `now` is in unix seconds. Errors leave the totals as they are: nothing was seen.
  Result<void> take(double now);

  const Sample& latest() const { return latest_; }

 private:
  void observe(const WalMoment& moment, double now, const WalCounters::TailScan& scan_tail);
  /// What was committed between the last sample and the last close is still in the unlinked -shm.
  void observe_last_words(double now);
  std::uint32_t scan_tail(const OldGeneration& old, const WalIndex& now) const;
  Result<void> hold(File shm, const FileIdentity& shm_identity);
  bool held_is_current();
  void set_aside();
  void release_set_aside();

  std::string database_;
  WalCounters counters_;
  Sample latest_;
  std::uint32_t takes_since_path_check_ = 0;
  /// Replaced or unlinked under a live application: kept, under their old epoch, until its locks
  /// are free, so that what was orphaned can be told from what lost its locks.
  std::vector<std::shared_ptr<const HeldFiles>> set_aside_;
};

}  // namespace sqlite_exporter
