/// Tells exclusive locking as a mode (locking_mode=EXCLUSIVE, vfs=unix-excl) from a transaction
/// that holds EXCLUSIVE: the mode outlives its commits.
#pragma once

#include <cstdint>
#include <optional>

#include "collectors/held_locks.h"
#include "collectors/linux/file.h"
#include "collectors/rollback.h"
#include "collectors/sqlite/database_header.h"

namespace sqlite_exporter {

/// One sample of a database that somebody holds for himself.
struct ExclusiveMoment {
  std::optional<JournalMode> journal_mode;
  std::optional<std::uint32_t> change_counter;
  JournalContent journal;   ///< asked for in rollback mode alone
  bool wal_absent = false;  ///< asked for in WAL mode alone
  std::uint32_t pages = 0;  ///< as the header says, and how many of them are free
  std::uint32_t free_pages = 0;
};

/// In WAL mode EXCLUSIVE beyond a moment is the mode. In rollback mode these show it, at two
/// samples of one hold:
/// - the journal is finished and still there: a transaction that wants to write begins it anew, and
///   a commit outside of the mode gives the lock back. A journal that was finished before the lock
///   was taken shows nothing: that is a BEGIN EXCLUSIVE which has not written yet.
/// - EXCLUSIVE without RESERVED (vfs=unix-excl), and no journal that is in use.
/// - page 1 was written, which only a commit does, and no journal was ever there
///   (journal_mode=MEMORY or OFF).
/// From then on it is the mode until a sample sees the process without the lock, whatever its
/// journal says meanwhile.
///
/// Samples that all find the lock may have met a hold each, of a process that commits without
/// pause: nearly all of its time is that of syncs, under EXCLUSIVE. So two samples are enough if
/// nothing was committed between them and no transaction was seen before; ten in succession if one
/// was, since the end of a journal may take its time on a slow disk; and else it takes many. Most
/// of such processes are told by the change counter: in the mode a commit moves it only if it
/// writes page 1 for another reason (`pager_write_changecounter` in pager.c), as where pages are
/// added or freed, and any other commit moves it always.
class ExclusiveWatch {
 public:
  /// `unix_time` of the sample, seconds.
  void observe(const DatabaseLocks& locks, const ExclusiveMoment& moment, double unix_time);
  /// Nobody held EXCLUSIVE.
  void observe_free(double unix_time);

  /// One sample of this hold showed it.
  bool is_suspected() const { return is_mode() || (hold_ && hold_->agreed && !hold_->follows); }
  bool is_mode() const { return hold_ && hold_->mode; }
  /// So in WAL mode, though nothing was written yet: a last close, too, holds EXCLUSIVE for a
  /// moment after it has deleted the -wal, and an application that opens and closes all the time
  /// may be met there at a few samples in succession.
  bool is_unwritten_wal() const { return hold_ && hold_->without_wal >= 5; }

 private:
  /// What one sample saw that no commit leaves as it was.
  struct Commit {
    std::optional<std::uint32_t> change_counter;
    double journal_modified = 0;
    friend bool operator==(const Commit&, const Commit&) = default;
  };
  struct Hold {
    int pid = 0;
    ExclusiveMoment first;
    bool follows = false;  ///< another one of the same process, between which no sample came
    bool worked = false;   ///< a transaction was seen in it, or in those that it follows
    bool journal_seen = false;
    bool mode = false;
    unsigned samples = 0;
    unsigned without_wal = 0;      ///< the last samples, in succession
    unsigned at_rest = 0;          ///< the last samples, in succession, that showed one commit
    std::optional<Commit> agreed;  ///< at the last sample that showed the mode
  };
  bool was_given_back(const ExclusiveMoment& moment) const;
  bool shows_mode(const DatabaseLocks& locks, const ExclusiveMoment& moment) const;

  std::optional<Hold> hold_;
  double free_ = 0;  ///< when it was last seen not held, unix seconds; 0: never
};

}  // namespace sqlite_exporter
