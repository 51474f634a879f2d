/// What the sampler knows of one database: its latest readings, handed to the full look by value.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "collectors/base/result.h"
#include "collectors/change_counter.h"
#include "collectors/checkpoint_watch.h"
#include "collectors/commit_watch.h"
#include "collectors/guarded.h"
#include "collectors/linux/file.h"
#include "collectors/lock_time.h"
#include "collectors/reader_watch.h"
#include "collectors/sample_instant.h"
#include "collectors/sqlite/wal_follower.h"
#include "collectors/wal_counters.h"
#include "collectors/wal_workers.h"

namespace sqlite_exporter {

/// Descriptors of an attached database. Kept only while an application keeps it attached: one held
/// on an idle file blocks umount and pins the blocks of an unlinked one (law 5).
struct HeldFiles {
  File database;
  FileIdentity database_identity;
  File shm;
  FileIdentity shm_identity;
  bool shared_seen = false;  ///< somebody held SHARED on this database file
};

/// A database that somebody has open and nobody uses is sampled as an idle one after so many
/// samples: its first commit is seen within a second, and an application that opens a thousand
/// databases and writes to a few costs what those few cost.
inline constexpr std::uint32_t kQuietSamples = 10;

struct Sample {
  /// The last successful sample, or when its database was first given to sample.
  std::chrono::steady_clock::time_point taken;
  /// The next one follows within this, unless the sampler is held up.
  std::chrono::steady_clock::duration next_within = std::chrono::seconds(2);
  /// Why the last sample said nothing. Not set by a busy moment, or for want of
  /// descriptors: that is only a sample missed.
  std::optional<Error> error;
  /// Why it was missed, if for want of descriptors.
  std::optional<Error> missed;
  WalTotals totals;
  LockTime lock_time;
  OldReaders old_readers;
  CheckpointTotals checkpoints;
  bool readers_in_turn = false;                              ///< TurnWatch
  std::optional<WaitedForReader> waited_for_reader;          ///< in rollback mode
  CommitSuspicion commit_suspicion = CommitSuspicion::none;  ///< likewise
  WalWorkers wal_workers;
  bool attached = false;          ///< somebody held the dead man's switch at the last sample
  bool opened_each_time = false;  ///< somebody is attached, and descriptors are too few to keep any
  bool locked = false;  ///< nobody is attached, and somebody held a lock on the database file
  /// How many samples in succession saw no lock but the switch, and the wal-index as it was.
  std::uint32_t quiet_samples = 0;
  std::optional<SampledCounter> change_counter;  ///< in rollback mode
  double last_commit = 0;  ///< when iChange was last seen to move, unix seconds; 0: never
  /// Descriptors of this path that were replaced or unlinked are still locked by an application: it
  /// writes into files that nobody else will ever see.
  bool orphaned = false;
  /// How often in succession iChange went up while nobody held the dead man's switch.
  std::uint32_t unlocked_advances = 0;
  /// Nobody is attached, and one process keeps all others out, not for a transaction only.
  bool exclusive_mode = false;
  bool exclusive_suspected = false;          ///< one sample shows it; two make it the mode
  bool exclusive_unwritten = false;          ///< in that mode in WAL mode, before there is a -wal
  std::optional<FollowedWal> exclusive_wal;  ///< in that mode: the WAL at the last sample
  bool random_instants = false;              ///< taken by the sampler: lock times can be trusted
  std::shared_ptr<const HeldFiles> held;     ///< null while nobody is attached
};

/// Written by the sampler, read by the full look.
using SampleCell = Guarded<Sample>;

}  // namespace sqlite_exporter
