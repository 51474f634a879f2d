#include "collectors/suspicion.h"

#include <cstdint>
#include <string>

#include "collectors/linux/lock_probe.h"
#include "collectors/linux/process_files.h"
#include "collectors/sqlite/lock_bytes.h"

namespace sqlite_exporter {

namespace {

/// An application that opens, writes and closes between two samples may do so once or twice with
/// iChange at a higher value each time; more often than that it is one that stays.
constexpr std::uint32_t kUnlockedAdvances = 3;

/// A process holds one lock and not the other, on the file at `path`: it lost that, or the file it
/// has open is no longer the one at the path. Its descriptors tell.
DatabaseState state_by_descriptors(const Node& node, int pid, const std::string& path) {
  if (!node.own_pid_namespace || pid <= 0) return DatabaseState::locks_inconsistent;
  const Result<PathUse> use =
      use_of_path(node.paths.procfs, pid, std::string(node.paths.host_path(path)));
  if (!use || *use == PathUse::none) return DatabaseState::locks_inconsistent;
  return *use == PathUse::open ? DatabaseState::locks_cancelled : DatabaseState::orphaned;
}

/// The switch is held and SHARED is not. If SHARED was seen held on this very file, it was lost.
DatabaseState unshared_state(const Look& look, const Node& node, int pid) {
  if (look.sample.held && look.sample.held->shared_seen) return DatabaseState::locks_cancelled;
  return state_by_descriptors(node, pid, look.path);
}

/// SHARED is held in WAL mode and the switch on the -shm at the path is not.
DatabaseState unswitched_state(const Look& look, const Node& node, int pid) {
  return state_by_descriptors(node, pid, look.path + "-shm");
}

/// Nobody has the wal-index at the path open, and somebody the database: as while it is opened or
/// by another name (a hard link), unless a descriptor shows that the -shm was unlinked.
void suspect_unlinked_index(const Look& look, const Node& node, StateSet& suspected) {
  const DatabaseLocks& locks = look.database_locks;
  const bool wal = look.main_header && look.main_header->journal_mode == JournalMode::wal;
  if (!wal || look.attached || !locks.shared || locks.exclusive()) return;
  if (unswitched_state(look, node, locks.shared->pid) == DatabaseState::orphaned)
    suspected.add(DatabaseState::orphaned);
}

}  // namespace

Result<void> suspect_locks(const Look& look, const File& database, const Node& node,
                           StateSet& suspected) {
  const DatabaseLocks& locks = look.database_locks;
  if (look.sample.orphaned) suspected.add(DatabaseState::orphaned);
  if (look.attached && locks.exclusive()) suspected.add(DatabaseState::wal_exclusive);
  if (look.attached && !locks.shared && !look.sample.orphaned) {
    const auto shared = lock_on(database, kSharedLockFirst, kSharedLockLength);
    if (!shared) return fail(shared.error());
    if (!*shared) suspected.add(unshared_state(look, node, look.dead_mans_switch->pid));
  }
  if (const auto& lost = look.holders.lost_locks; lost && !look.sample.orphaned) {
    const DatabaseState state = lost->holds_switch ? unshared_state(look, node, lost->pid)
                                                   : unswitched_state(look, node, lost->pid);
    // Who never had the switch has lost nothing, unless its wal-index was unlinked. But nobody uses
    // a wal-index with neither lock.
    if (lost->holds_switch || lost->had_both || lost->lost_both || state == DatabaseState::orphaned)
      suspected.add(state);
  }
  if (!look.sample.orphaned) suspect_unlinked_index(look, node, suspected);
  if (!look.attached && look.sample.unlocked_advances >= kUnlockedAdvances) {
    const bool connected = locks.shared || (look.signs && look.signs->index_open);
    suspected.add(connected ? DatabaseState::locks_cancelled : DatabaseState::locks_unobservable);
  }
  return {};
}

bool suspect_unseen_user(const Look& look, StateSet& suspected) {
  const SignsOfLife& signs = *look.signs;
  const bool commits =
      signs.growths > 0 || look.sample.unlocked_advances > 0 || signs.known_without_locks;
  // A directory NAME.lock stays behind when its owner dies.
  const bool lock_folder = signs.lock_folder && !signs.asked_all;
  if (signs.writes_deleted_wal) {
    suspected.add(DatabaseState::orphaned);
  } else if (signs.index_lock || (signs.index_open && commits)) {
    // Whoever has the wal-index open holds its switch, unless he lost it.
    suspected.add(DatabaseState::locks_cancelled);
  } else if (signs.foreign_lock || signs.file_server || lock_folder || signs.open_for_writing ||
             signs.growths > 1) {
    suspected.add(DatabaseState::locks_unobservable);
  } else {
    // Seen to write once, he may come again; and a deleted -wal may have been written to, though
    // its own checkpoints make the database the newer one for a moment.
    return signs.growths > 0 || signs.holds_deleted_wal || signs.may_pause;
  }
  return true;
}

void suspect_unseen_writer(const SignsOfLife& signs, StateSet& states, StateSet& suspected) {
  if (signs.lock_folder && (!signs.asked_all || signs.open_for_writing)) {
    states.add(DatabaseState::rollback_active);
  } else if (signs.foreign_lock || signs.file_server || signs.open_for_writing) {
    suspected.add(DatabaseState::locks_unobservable);
  } else if (!signs.may_pause) {
    suspected.add(DatabaseState::hot_journal);
  }
}

}  // namespace sqlite_exporter
