/// The full look: everything one pass reads of a database, once, for all collectors.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/attribution.h"
#include "collectors/base/result.h"
#include "collectors/change_counter.h"
#include "collectors/database_state.h"
#include "collectors/file_mount.h"
#include "collectors/held_locks.h"
#include "collectors/leftover_wal.h"
#include "collectors/linux/file.h"
#include "collectors/node.h"
#include "collectors/overwrite_watch.h"
#include "collectors/owner.h"
#include "collectors/plain_companions.h"
#include "collectors/sample.h"
#include "collectors/side_files.h"
#include "collectors/sidecar_owner.h"
#include "collectors/signs_of_life.h"
#include "collectors/sqlite/database_header.h"
#include "collectors/sqlite/wal_index.h"
#include "collectors/wal_agreement.h"
#include "collectors/wal_reset.h"

namespace sqlite_exporter {

/// One moment of one database. What could not be known is not set.
struct Look {
  std::string path;  ///< realpath, or as configured while it is absent
  const Mount* mount = nullptr;
  const Mount* wal_mount = nullptr;  ///< another one where the database file alone is mounted
  const NodePaths* paths = nullptr;  ///< of the node; null: its own names are ours
  bool file_mount = false;           ///< it is mounted alone, here or where somebody has it open
  bool locks_hidden = false;  ///< below the upper directory of an overlay: its users are not seen
  std::chrono::steady_clock::time_point taken;
  double unix_time = 0;  ///< once the files were asked for their times, seconds
  Sample sample;
  std::uint64_t rollback_transactions = 0;
  std::uint64_t rollback_unseen_epochs = 0;
  bool wal_seen = false;      ///< it has been in WAL mode under our eyes, now or earlier
  bool commits_known = true;  ///< else the counters stand still, and are no counters

  StateSet states;
  StateSet suspected;  ///< told as states once the next look agrees
  std::optional<FileStatus> database;
  std::optional<FileStatus> wal;
  std::optional<FileStatus> shm_file;             ///< also one that nobody is attached to
  std::optional<FileStatus> hot_journal;          ///< of what looks like one
  std::optional<ForeignSidecar> foreign_sidecar;  ///< two looks agree
  DatabaseLocks database_locks;
  bool attached = false;  ///< somebody holds the dead man's switch
  std::optional<LockHolder> dead_mans_switch;
  std::optional<FileIdentity> shm;  ///< only while attached
  std::optional<WalIndex> index;    ///< only while attached: else it is a leftover
  WalLocks wal_locks;               ///< of the same moment as `index`
  /// Page 1 of the file itself; stale in WAL mode. Of an encrypted one the part that is plain.
  std::optional<DatabaseHeader> main_header;
  /// The newest committed page 1. Not set while a commit is being written into the file, after a
  /// crash that left a journal or a WAL behind, and where the file holds no database.
  std::optional<DatabaseHeader> header;
  /// What was asked before nobody was said to use it, or somebody to have died.
  std::optional<SignsOfLife> signs;
  std::optional<Process> unseen_user;   ///< the process that `signs` names
  std::optional<PlainFacts> plain;      ///< in place of `header` where most of it is ciphertext
  std::uint8_t format_version = 0;      ///< of a newer format than SQLite's own
  std::optional<SideFiles> side_files;  ///< where Turso wrote the database
  bool litestream_beside = false;       ///< only asked where a reader is old: `replicates_beside`
  Holders holders;                      ///< empty and incomplete where the node has no lock table
  std::optional<WalResetBug> wal_reset_bug;  ///< that a version which uses or wrote it has

  /// The WAL of the one connection that keeps all others out, as far as the sampler has followed
  /// it.
  const FollowedWal* followed_wal() const {
    const bool alone = !attached && database_locks.exclusive();
    return alone && sample.exclusive_wal ? &*sample.exclusive_wal : nullptr;
  }
  /// `NodePaths::host_path`: users are shown the node's own names.
  std::string_view host_path(std::string_view access_path) const {
    return paths == nullptr ? access_path : paths->host_path(access_path);
  }
};

/// What lives from one full look to the next. Used by one job at a time.
struct LookState {
  ChangeCounter change_counter;
  bool wal_seen = false;
  /// States that accuse somebody are only told when two looks in succession saw them.
  StateSet suspected;
  std::optional<bool> commits_hidden;  ///< at the last look; unset before the first
  LeftoverCache leftover;
  std::optional<FileStatus> journal;  ///< one that looked hot at the last look
  LifeState life;                     ///< of the database in WAL mode, or idle in rollback mode
  LifeState journal_life;             ///< of one whose journal looks hot
  OverwriteWatch overwrites;
  std::optional<WholeWal> whole_wal;
  std::optional<WalSalts> lost_wal;         ///< the generation that was suspected to be lost
  std::optional<WalIndex> exclusive_index;  ///< at the last look, if one kept all others out then
  std::optional<ForeignSidecar> foreign_sidecar;
  FileMountState file_mount;
  AttributionState attribution;
  WalResetWatch wal_reset;
};

/// Opens, reads and closes; at most 20 us without retries and attribution. Blocks as long as the
/// filesystem does. Errors: denied, also of a file that is not `owner`'s, busy (a writer was faster
/// than every retry), io, limit, unsupported (not a file).
Result<Look> take_look(const std::string& path, const Node& node, Sample sample, LookState& state,
                       RequiredOwner owner = std::nullopt);

}  // namespace sqlite_exporter
