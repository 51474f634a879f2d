#include "collectors/attribution.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "collectors/linux/process_files.h"
#include "collectors/lost_locks.h"
#include "collectors/sqlite/lock_bytes.h"

namespace sqlite_exporter {

namespace {

void set(AttributionLimits& limits, AttributionLimit limit) {
  limits[static_cast<std::size_t>(limit)] = true;
}

/// The holders that F_GETLK names.
struct Named {
  std::map<int, HolderProcess> holders;
  bool foreign = false;      ///< some pid is 0: a process of another namespace
  bool description = false;  ///< some pid is -1: an open file description belongs to no process
  bool description_attached = false;  ///< and it is that of the switch, held while it is open
};

HolderProcess* add(Named& named, const std::optional<LockHolder>& lock) {
  if (!lock) return nullptr;
  if (lock->pid <= 0) {
    (lock->pid == 0 ? named.foreign : named.description) = true;
    return nullptr;
  }
  HolderProcess& holder = named.holders[lock->pid];
  holder.pid = lock->pid;
  return &holder;
}

Named named_holders(const LockEvidence& evidence) {
  Named named;
  if (HolderProcess* const holder = add(named, evidence.dead_mans_switch))
    holder->holds_switch = true;
  named.description_attached = named.description;
  if (HolderProcess* const holder = add(named, evidence.database_locks.shared))
    holder->holds_shared = true;
  for (const auto& lock :
       {evidence.database_locks.pending, evidence.database_locks.reserved, evidence.wal_locks.write,
        evidence.wal_locks.checkpoint, evidence.wal_locks.recover})
    add(named, lock);
  for (std::size_t mark = 0; mark < kReadMarks; ++mark)
    if (HolderProcess* const holder = add(named, evidence.wal_locks.read[mark]))
      holder->reads[mark] = true;
  return named;
}

/// What one process holds of this database, as the table says.
struct Listed {
  HolderProcess holder;
  FileIdentity file;  ///< one of the two, to be confirmed
};

bool same_device(const LockEntry& lock, const FileIdentity& file) {
  return lock.device_major == major(file.device) && lock.device_minor == minor(file.device);
}

/// The locks on one file. Those of open file descriptions are in the table under no pid, and in
/// `described` under those of the processes found.
struct FileLockList {
  std::vector<LockEntry> table;
  std::vector<LockEntry> described;
};

/// The locks on this inode; on this device alone, if the holder that F_GETLK names shows that the
/// table calls it as stat does. New filesystems share their first inodes.
FileLockList locks_of(const FileIdentity& file, const Named& named, const LockHolders& locks) {
  const std::span<const LockEntry> all = locks.table.of_inode(file.inode);
  const bool by_device = std::ranges::any_of(all, [&](const LockEntry& lock) {
    return same_device(lock, file) && named.holders.contains(lock.pid);
  });
  const auto counts = [&](const LockEntry& lock) { return !by_device || same_device(lock, file); };
  FileLockList list;
  std::ranges::copy_if(all, std::back_inserter(list.table), counts);
  std::ranges::copy_if(locks.descriptions.of_inode(file.inode), std::back_inserter(list.described),
                       counts);
  return list;
}

struct ListedLocks {
  FileLockList database;
  FileLockList shm;
};

ListedLocks listed_locks(const LockEvidence& evidence, const Named& named,
                         const LockHolders& locks) {
  ListedLocks listed{locks_of(evidence.database, named, locks), {}};
  if (evidence.shm) listed.shm = locks_of(*evidence.shm, named, locks);
  return listed;
}

std::map<int, Listed> listed_holders(const LockEvidence& evidence, const ListedLocks& locks) {
  std::map<int, Listed> listed;
  const auto add = [&](const LockEntry& lock, const FileIdentity& file) -> HolderProcess& {
    Listed& item = listed[lock.pid];
    item.holder.pid = lock.pid;
    item.file = file;
    return item.holder;
  };
  const auto holds = [](HolderProcess& holder, Lock lock, bool held) {
    bool& listed_lock = holder.listed_locks[static_cast<std::size_t>(lock)];
    listed_lock = listed_lock || held;
  };
  const auto add_database = [&](const LockEntry& lock) {
    if (lock.pid <= 0 || !overlaps(lock, kPendingLock, kDatabaseLocksLength)) return;
    HolderProcess& holder = add(lock, evidence.database);
    if (overlaps(lock, kSharedLockFirst, kSharedLockLength)) holder.holds_shared = true;
    if (!lock.exclusive) return;
    holds(holder, Lock::pending, overlaps(lock, kPendingLock, 1));
    holds(holder, Lock::reserved, overlaps(lock, kReservedLock, 1));
    holds(holder, Lock::exclusive, overlaps(lock, kSharedLockFirst, kSharedLockLength));
  };
  const auto add_shm = [&](const LockEntry& lock) {
    if (lock.pid <= 0 || !overlaps(lock, kWalWriteLock, kWalLocksLength)) return;
    HolderProcess& holder = add(lock, *evidence.shm);
    if (overlaps(lock, kDeadMansSwitch, 1)) holder.holds_switch = true;
    if (overlaps(lock, kWalWriteLock, kWalLocksLength - 1)) holder.listed_wal_lock = true;
    if (lock.exclusive) {
      holds(holder, Lock::write, overlaps(lock, kWalWriteLock, 1));
      holds(holder, Lock::checkpoint, overlaps(lock, kWalCheckpointLock, 1));
      holds(holder, Lock::recover, overlaps(lock, kWalRecoverLock, 1));
      return;
    }
    for (std::size_t mark = 0; mark < kReadMarks; ++mark)
      if (overlaps(lock, kWalReadLock0 + mark, 1)) holder.listed_reads[mark] = true;
  };
  std::ranges::for_each(locks.database.table, add_database);
  std::ranges::for_each(locks.database.described, add_database);
  std::ranges::for_each(locks.shm.table, add_shm);
  std::ranges::for_each(locks.shm.described, add_shm);
  return listed;
}

bool has_description(const FileLockList& locks) {
  return std::ranges::any_of(locks.table, &LockEntry::open_file_description);
}

/// Open file descriptions that belong to no process that was found. The switch is held for as long
/// as a connection lives, and other locks may come and go between table and search.
void judge_descriptions(const ListedLocks& locks, const Named& named, const LockHolders& holders,
                        AttributionState& state, Holders& result) {
  const auto unknown = [](const FileLockList& list, std::uint64_t first, std::uint64_t length) {
    return unexplained(list.table, list.described, first, length) > 0;
  };
  for (std::size_t mark = 0; mark < kReadMarks; ++mark)
    result.unknown_reads[mark] = unknown(locks.shm, kWalReadLock0 + mark, 1);
  const bool listed = has_description(locks.database) || has_description(locks.shm);
  const bool unknown_attached = unknown(locks.shm, kDeadMansSwitch, 1);
  result.descriptions_known = (listed || !named.description) && !unknown_attached &&
                              !unknown(locks.database, kPendingLock, kDatabaseLocksLength);
  result.complete = result.complete && result.descriptions_known;
  const bool unlisted = !listed && named.description_attached;
  if (!unknown_attached && !unlisted) {
    state.undescribed.reset();
    return;
  }
  if (!state.undescribed) state.undescribed = holders.read;
  if (*state.undescribed == holders.read) return;  // it may be new, or gone
  set(result.limits, unlisted                      ? AttributionLimit::filesystem
                     : holders.descriptions.denied ? AttributionLimit::denied
                                                   : AttributionLimit::open_file_description);
}

/// Does the process have the file open? Asked until it does.
Result<bool> confirm(const Listed& listed, const Process& process, const Node& node,
                     AttributionState& state) {
  const std::pair key(listed.holder.pid, process.start_ticks);
  if (state.confirmed.contains(key)) return true;
  Result<bool> open = has_open(node.paths.procfs, listed.holder.pid, listed.file);
  if (open && *open) state.confirmed.insert(key);
  return open;
}

/// `from` is listed and proven, `into` what F_GETLK says of the same process, or new.
void merge(HolderProcess& into, const HolderProcess& from) {
  into.pid = from.pid;
  into.holds_switch = into.holds_switch || from.holds_switch;
  into.holds_shared = into.holds_shared || from.holds_shared;
  into.listed_reads = from.listed_reads;
  into.listed_wal_lock = from.listed_wal_lock;
  into.listed_locks = from.listed_locks;
}

/// False if neither this table nor the one before it lists the process that F_GETLK says holds the
/// switch: not a newcomer, then. Other locks come and go between the table and the look.
bool lists_all(const Named& named, const std::map<int, Listed>& listed, const LockHolders& locks,
               AttributionState& state) {
  const auto unlisted = std::ranges::find_if(named.holders, [&](const auto& item) {
    return item.second.holds_switch && !listed.contains(item.first);
  });
  if (unlisted == named.holders.end()) {
    state.missing.reset();
    return true;
  }
  if (!state.missing || state.missing->first != unlisted->first)
    state.missing = {unlisted->first, locks.read};
  return state.missing->second == locks.read;
}

/// The listed holders that are proven; what stays unproven is in `result`'s limits.
void add_listed(const std::map<int, Listed>& listed, const Node& node, AttributionState& state,
                std::map<int, HolderProcess>& holders, Holders& result) {
  for (const auto& [pid, item] : listed) {
    const auto process = node.locks->processes.find(pid);
    if (process == node.locks->processes.end()) {
      result.complete = false;  // gone since, or hidden
      if (node.locks->hidden.contains(pid)) set(result.limits, AttributionLimit::denied);
      continue;
    }
    if (!holders.contains(pid)) {
      const Result<bool> open = confirm(item, process->second, node, state);
      if (!open && open.error().code != Errc::no_data) {
        result.complete = false;
        if (open.error().code == Errc::denied) set(result.limits, AttributionLimit::denied);
      }
      if (!open || !*open) continue;
    }
    merge(holders[pid], item.holder);
  }
}

/// Who had both locks at the last look and is not listed now: a table of several pages is not of
/// one moment and may miss him. His own descriptors tell.
void add_missed(const LockEvidence& evidence, const std::map<int, Listed>& listed, const Node& node,
                const AttributionState& state, std::map<int, HolderProcess>& holders,
                Holders& result) {
  if (!evidence.shm) return;
  for (const auto& [pid, start_ticks] : state.whole) {
    if (listed.contains(pid)) continue;
    const Result<bool> open = has_open(node.paths.procfs, pid, *evidence.shm);
    if (!open && open.error().code != Errc::no_data) result.complete = false;
    if (!open || !*open) continue;
    HolderProcess& holder = holders[pid];
    holder.pid = pid;
    holder.holds_switch = true;
    holder.holds_shared = true;
  }
}

/// Between its transactions no lock shows who has lost all of his.
void add_loser(const LostLocks& lost, const Node& node, Holders& result) {
  const auto place = std::ranges::lower_bound(result.processes, lost.pid, {}, &HolderProcess::pid);
  if (place != result.processes.end() && place->pid == lost.pid) return;
  HolderProcess holder;
  holder.pid = lost.pid;
  if (Result<Process> process = read_owner(node.paths.procfs, lost.pid, *node.locks))
    holder.process = std::move(*process);
  result.processes.insert(place, std::move(holder));
}

/// What is remembered of processes that let go would grow for ever.
void forget_gone(const std::map<int, HolderProcess>& holders, AttributionState& state) {
  const auto is_gone = [&](const auto& process) { return !holders.contains(process.first); };
  std::erase_if(state.confirmed, is_gone);
  std::erase_if(state.whole, is_gone);
}

}  // namespace

Holders attribute(const LockEvidence& evidence, const Node& node, AttributionState& state) {
  const std::pair files(evidence.database, evidence.shm);
  if (std::exchange(state.confirmed_for, files) != files) {
    state.confirmed.clear();
    state.whole.clear();
    state.lost_both.reset();
    state.worker.reset();
  }

  const LockHolders& locks = *node.locks;
  Holders result;
  result.complete = !locks.error;
  result.listed = locks.read;
  if (locks.error) set(result.limits, AttributionLimit::denied);

  if (!evidence.dead_mans_switch && !evidence.database_locks.any()) {
    result.complete = true;  // whoever was listed has let go since
    state.missing.reset();
    state.undescribed.reset();
    result.descriptions_known = true;
    return result;
  }
  Named named = named_holders(evidence);
  if (!node.own_pid_namespace) {
    // Its pids mean nothing to this procfs, whose table names the same processes its own way.
    named.foreign = named.foreign || !named.holders.empty();
    named.holders.clear();
  }
  const ListedLocks on_files = listed_locks(evidence, named, locks);
  const std::map<int, Listed> listed = listed_holders(evidence, on_files);
  if (!lists_all(named, listed, locks, state)) {
    set(result.limits, AttributionLimit::filesystem);
    result.complete = false;
  }
  std::map<int, HolderProcess> holders = std::move(named.holders);
  add_listed(listed, node, state, holders, result);
  add_missed(evidence, listed, node, state, holders, result);
  forget_gone(holders, state);
  if (named.foreign && (node.own_pid_namespace || holders.empty())) {
    set(result.limits, AttributionLimit::pid_namespace);
    result.complete = false;
  }
  judge_descriptions(on_files, named, locks, state, result);

  for (auto& [pid, holder] : holders) {
    // Those of F_GETLK are among them only where the two call processes alike.
    if (node.is_own_listed(pid)) {
      result.own_reads = holder.reads;
      continue;
    }
    if (const auto known = locks.processes.find(pid); known != locks.processes.end()) {
      holder.process = known->second;
    } else if (Result<Process> process = read_owner(node.paths.procfs, pid, locks)) {
      holder.process = std::move(*process);
    }
    result.processes.push_back(std::move(holder));
  }
  if (evidence.shm && result.complete)
    result.lost_locks = find_lost_locks(result, evidence, node, state);
  if (result.lost_locks && result.lost_locks->lost_both)
    add_loser(*result.lost_locks, node, result);
  return result;
}

}  // namespace sqlite_exporter
