#include "collectors/lost_locks.h"

#include <algorithm>
#include <utility>

#include "collectors/linux/process_files.h"
#include "collectors/sqlite/lock_bytes.h"

namespace sqlite_exporter {

namespace {

bool had_both(const HolderProcess& holder, const AttributionState& state) {
  return state.whole.contains({holder.pid, holder.process.start_ticks});
}

bool is_unbalanced(const HolderProcess& holder) {
  if (holder.holds_switch != holder.holds_shared) return true;
  return !holder.holds_switch && holder.listed_wal_lock;
}

/// Somebody without one of two locks; rather one who was seen with both.
const HolderProcess* unbalanced_of(const Holders& holders, const AttributionState& state) {
  const HolderProcess* found = nullptr;
  for (const HolderProcess& holder : holders.processes) {
    if (!is_unbalanced(holder)) continue;
    if (found == nullptr || had_both(holder, state)) found = &holder;
  }
  return found;
}

bool any_on(const std::vector<LockEntry>& locks, std::uint64_t first, std::uint64_t length) {
  return std::ranges::any_of(locks,
                             [&](const LockEntry& lock) { return overlaps(lock, first, length); });
}

/// What the descriptors of one process say, at one moment for each of the two files.
struct Remaining {
  bool neither = false;  ///< it has the wal-index open, and holds neither SHARED nor the switch
  bool at_work = false;  ///< it holds READ, WRITE or the like of the wal-index
};

Result<Remaining> remaining_locks(int pid, const LockEvidence& evidence, const Node& node) {
  const Result<FileLocks> shm = locks_on_file(node.paths.procfs, pid, *evidence.shm);
  if (!shm) return fail(shm.error());
  const Result<FileLocks> database = locks_on_file(node.paths.procfs, pid, evidence.database);
  if (!database) return fail(database.error());
  return Remaining{shm->opened && !any_on(shm->locks, kDeadMansSwitch, 1) &&
                       !any_on(database->locks, kPendingLock, kDatabaseLocksLength),
                   any_on(shm->locks, kWalWriteLock, kWalLocksLength - 1)};
}

LostLocks both_of(int pid) {
  LostLocks lost;
  lost.pid = pid;
  lost.lost_both = true;
  return lost;
}

/// Whoever was shown without both stays so until it lets go of the wal-index or gets them again,
/// though between its transactions no lock shows it.
std::optional<LostLocks> still_without(const LockEvidence& evidence, const Node& node,
                                       AttributionState& state) {
  if (!state.lost_both) return std::nullopt;
  const auto [pid, start_ticks] = *state.lost_both;
  const Result<Process> process = read_owner(node.paths.procfs, pid, *node.locks);
  if (process && process->start_ticks == start_ticks) {
    const Result<Remaining> remaining = remaining_locks(pid, evidence, node);
    if (remaining && remaining->neither) return both_of(pid);
  }
  state.lost_both.reset();
  return std::nullopt;
}

/// Whose transactions are short holds nothing when a table is read: a sample met him at one. Twice
/// without both, as one that opens and closes all the time is for a moment.
std::optional<LostLocks> worker_without(const Holders& holders, const LockEvidence& evidence,
                                        const Node& node, AttributionState& state) {
  const auto before = std::exchange(state.worker, std::nullopt);
  for (const int pid : evidence.workers) {
    if (pid <= 0 || !node.own_pid_namespace || node.is_own(pid)) continue;
    const auto known = std::ranges::find(holders.processes, pid, &HolderProcess::pid);
    if (known != holders.processes.end() && (known->holds_switch || known->holds_shared)) continue;
    const Result<Remaining> remaining = remaining_locks(pid, evidence, node);
    if (!remaining || !remaining->neither) continue;
    state.worker = before && before->first == pid ? before : std::pair(pid, node.locks->read);
    if (state.worker->second == node.locks->read) return std::nullopt;
    const Result<Process> process = read_owner(node.paths.procfs, pid, *node.locks);
    if (!process) return std::nullopt;
    state.lost_both = {pid, process->start_ticks};
    return both_of(pid);
  }
  return std::nullopt;
}

/// A table is not of one moment and may miss a lock: the descriptors are asked last.
std::optional<LostLocks> confirmed(const HolderProcess& holder, const LockEvidence& evidence,
                                   const Node& node, AttributionState& state) {
  if (!holder.holds_switch && !holder.holds_shared) {
    const Result<Remaining> remaining = remaining_locks(holder.pid, evidence, node);
    if (!remaining || !remaining->neither || !remaining->at_work) return std::nullopt;
    state.lost_both = {holder.pid, holder.process.start_ticks};
    return both_of(holder.pid);
  }
  const FileIdentity& other = holder.holds_switch ? evidence.database : *evidence.shm;
  const Result<bool> holds = has_open(node.paths.procfs, holder.pid, other);
  if (!holds || *holds) return std::nullopt;
  LostLocks lost;
  lost.pid = holder.pid;
  lost.holds_switch = holder.holds_switch;
  lost.had_both = had_both(holder, state);
  return lost;
}

}  // namespace

std::optional<LostLocks> find_lost_locks(const Holders& holders, const LockEvidence& evidence,
                                         const Node& node, AttributionState& state) {
  const HolderProcess* const unbalanced = unbalanced_of(holders, state);
  for (const HolderProcess& holder : holders.processes)
    if (holder.holds_switch && holder.holds_shared)
      state.whole.emplace(holder.pid, holder.process.start_ticks);
  if (const auto lost = still_without(evidence, node, state)) return lost;
  if (unbalanced == nullptr) {
    state.suspect.reset();
    return worker_without(holders, evidence, node, state);
  }
  // Between two locks of an open or a close there is no time for two readings.
  if (!state.suspect || state.suspect->first != unbalanced->pid)
    state.suspect = {unbalanced->pid, node.locks->read};
  if (state.suspect->second == node.locks->read) return std::nullopt;
  return confirmed(*unbalanced, evidence, node, state);
}

}  // namespace sqlite_exporter
