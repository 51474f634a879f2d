/// The sample: the short, frequent look at one database's wal-index and its locks.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/checkpoint_watch.h"
#include "collectors/commit_watch.h"
#include "collectors/exclusive_wal.h"
#include "collectors/exclusive_watch.h"
#include "collectors/held_locks.h"
#include "collectors/journal_watch.h"
#include "collectors/lock_time.h"
#include "collectors/reader_watch.h"
#include "collectors/sample.h"
#include "collectors/sqlite/database_header.h"
#include "collectors/turn_watch.h"
#include "collectors/unattached_moment.h"
#include "collectors/wal_counters.h"

namespace sqlite_exporter {

/// Owned and driven by one thread. `pread` and F_GETLK only; opens at most -shm (while nobody is
/// attached), the database (while nobody is, and once when somebody is), -wal (after a reset, and
/// while one process keeps all others out) and -journal (while one does). Whether a -journal was
/// made is asked while somebody reads, in rollback mode, for longer than a moment.
class WalWatch {
 public:
  /// `database` is a realpath: SQLite puts -wal and -shm beside the target of a symbolic link. Its
  /// file is not looked at unless it is `owner`'s. `created` sees the journals of commits that are
  /// over before a sample could; may be null.
  explicit WalWatch(std::string database, RequiredOwner owner = std::nullopt,
                    std::shared_ptr<CreatedFiles> created = nullptr);

  /// The database moved (a symbolic link was changed). Counters go on.
  void set_path(std::string database, RequiredOwner owner = std::nullopt);

  /// One look. Errors leave the totals as they are: nothing was seen. Denied also if the file is
  /// another's than the owner's.
  Result<void> take(const SampleInstant& instant);

  const Sample& latest() const { return latest_; }

  /// Closes what it keeps open; the next sample opens it anew. What is replaced meanwhile is not
  /// seen to be orphaned.
  void let_go();

 private:
  Result<void> look_at_path(const SampleInstant& instant);
  Result<void> check_owner_at_path() const;
  Result<void> look_at_wal(const File& shm, const FileIdentity& identity,
                           const SampleInstant& instant);
  /// In rollback mode, or in WAL mode with nobody attached, locks are on the database file alone.
  Result<void> look_at_database(const SampleInstant& instant);
  void observe(const WalMoment& moment, const WalLocks& locks, bool same_opener,
               const SampleInstant& instant, const WalCounters::TailScan& scan_tail);
  void observe_no_wal_index(const SampleInstant& instant);
  void observe(const UnattachedMoment& moment, const SampleInstant& instant);
  void observe_lock_time(const HeldLocks& held, std::optional<std::uint32_t> commits,
                         const SampleInstant& instant);
  void observe_exclusive(const UnattachedMoment& moment, const SampleInstant& instant);
  void observe_commits(const UnattachedMoment& moment, const SampleInstant& instant);
  void tell_commits();
  void observe_turns(const WalIndex& index, const WalLocks& locks, const SampleInstant& instant);
  void end_exclusive(const SampleInstant& instant);
  void add_up();
  void observe_unlocked_advance(const WalMoment& moment);
  /// What was committed between the last sample and the last close is still in the unlinked -shm.
  void observe_last_words(const SampleInstant& instant);
  std::uint32_t scan_tail(const OldGeneration& old, const WalIndex& now) const;
  bool frames_fit(const WalIndex& index) const;
  void observe_quiet(const Result<WalIndex>& index, const WalLocks& locks);
  /// While there is room: else they are opened and closed at each sample.
  Result<void> hold(File shm, const FileIdentity& shm_identity);
  /// Asked once a second, of a quiet database once in ten.
  bool held_is_current(std::chrono::steady_clock::time_point now);
  /// Somebody still has these files open, which are no longer those at the path.
  bool in_use(const HeldFiles& files) const;
  void set_aside();
  void release_set_aside();

  std::string database_;
  RequiredOwner owner_;
  WalCounters counters_;
  ReaderWatch readers_;
  CheckpointWatch checkpoints_;
  TurnWatch turns_;
  CommitWatch commits_;
  JournalWatch journal_;
  CounterLeaps counter_leaps_;
  ExclusiveWatch exclusive_;
  ExclusiveWal exclusive_wal_;
  LockTime::Moment lock_moment_;
  WalIndexCache index_cache_;
  std::optional<WalMoment> last_moment_;
  int opener_ = 0;  ///< the pid F_GETLK names of those attached: it stays while that one does
  Sample latest_;
  std::chrono::steady_clock::time_point path_checked_;
  /// As the database file said when it was last opened; not known while somebody is attached.
  std::optional<JournalMode> journal_mode_;
  unsigned samples_unopened_ = 0;
  std::chrono::steady_clock::duration credit_unopened_{0};  ///< of those samples
  /// Replaced or unlinked under a live application: kept, under their old epoch, until its locks
  /// are free, so that what was orphaned can be told from what lost its locks.
  std::vector<std::shared_ptr<const HeldFiles>> set_aside_;
};

}  // namespace sqlite_exporter
