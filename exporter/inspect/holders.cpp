#include "exporter/inspect/holders.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "collectors/blocked.h"
#include "collectors/lock_owner.h"
#include "collectors/readers.h"
#include "collectors/replicator.h"
#include "exporter/inspect/words.h"

namespace sqlite_exporter {

namespace {

double seconds_between(std::chrono::steady_clock::time_point from,
                       std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

NamedProcess named(const HolderProcess& process) {
  const Process& facts = process.process;
  return {process.pid, facts.owner, facts.start_time, facts.stopped, facts.frozen};
}

NamedProcess process_of(const Look& look, const LockHolder& holder) {
  const std::vector<HolderProcess>& all = look.holders.processes;
  const auto known = std::ranges::find(all, holder.pid, &HolderProcess::pid);
  return known != all.end() ? named(*known) : NamedProcess{holder.pid, {}, {}};
}

NamedProcess process_of(const Look& look, Lock lock, const LockHolder& holder) {
  const HolderProcess* const owner = owner_of(look, lock, holder);
  return owner != nullptr ? named(*owner) : process_of(look, holder);
}

std::vector<NamedProcess> readers_at(const Look& look, std::size_t slot) {
  std::vector<NamedProcess> processes;
  for (const HolderProcess* process : holders_of_mark(look, slot))
    processes.push_back(named(*process));
  if (processes.empty()) {
    processes.push_back(process_of(look, *look.wal_locks.read[slot]));
  } else if (has_unknown_reader(look, slot)) {
    processes.push_back({-1, {}, {}});
  }
  return processes;
}

/// One reader, at this look and already at the one before.
bool is_old(const Observation& observation, const OldReader* reader) {
  return reader != nullptr && reader->seen_twice && observation.look_before &&
         reader->since <= *observation.look_before;
}

HeldReader held_reader(const Observation& observation, std::size_t slot) {
  const Look& look = *observation.look;
  HeldReader held;
  held.slot = slot;
  const auto safe = safe_frame_of(*look.index, look.wal_locks, slot);
  held.frame = safe.value_or(look.index->mx_frame);
  held.pinned_frames = look.index->mx_frame - held.frame;
  const OldReader* const reader = old_reader(look, slot);
  held.old = is_old(observation, reader);
  held.by_design = is_held_by_design(look, slot);
  if (held.old && observation.watched) held.age = seconds_between(reader->since, look.taken);
  held.processes = readers_at(look, slot);
  return held;
}

void add_locks(std::vector<HeldLock>& locks, const Observation& observation, const HeldLocks& held,
               bool marks_are_readers) {
  const Look& look = *observation.look;
  for (std::size_t i = 0; i < kLockCount; ++i) {
    const Lock lock = static_cast<Lock>(i);
    if (!held[i] || (marks_are_readers && lock == Lock::read)) continue;
    HeldLock item{to_string(lock), process_of(look, lock, *held[i]), std::nullopt};
    const std::optional<LockHold>& hold = look.sample.lock_time.hold(lock);
    if (observation.watched && hold && hold->pid == held[i]->pid)
      item.age = seconds_between(hold->since, look.sample.taken);
    locks.push_back(std::move(item));
  }
}

void add_holder(std::vector<NamedProcess>& processes, const Look& look,
                const std::optional<LockHolder>& holder) {
  if (!holder || (holder->pid < 0 && look.holders.descriptions_known)) return;
  const auto same = std::ranges::find(processes, holder->pid, &NamedProcess::pid);
  if (same == processes.end()) processes.push_back(process_of(look, *holder));
}

std::string to_continue(const std::vector<NamedProcess>& processes) {
  std::string pids;
  for (const NamedProcess& process : processes)
    if (process.stopped) pids.append(" ").append(std::to_string(process.pid));
  if (pids.empty()) return pids;
  return std::string("It is stopped: continue it (kill -CONT").append(pids).append(").");
}

/// A kubelet freezes nothing: in a pod it was somebody with the runtime's own tool.
std::string way_to_thaw(const Owner& owner) {
  if (!owner.pod.empty() || (owner.container.empty() && owner.unit.empty()))
    return "write 0 to its cgroup.freeze, or THAWED to its freezer.state";
  if (!owner.container.empty())
    return std::string("docker unpause ").append(printable(owner.container));
  return std::string("systemctl thaw ").append(printable(owner.unit));
}

std::string to_thaw(const std::vector<NamedProcess>& processes) {
  std::string ways;
  for (const NamedProcess& process : processes) {
    if (!process.frozen) continue;
    const std::string way = way_to_thaw(process.owner);
    if (ways.find(way) == std::string::npos) ways.append(ways.empty() ? "" : "; ").append(way);
  }
  if (ways.empty()) return ways;
  return std::string("Its cgroup is frozen: thaw it (")
      .append(ways)
      .append("), or the one above it that was frozen.");
}

}  // namespace

std::vector<HeldReader> readers_of(const Observation& observation) {
  std::vector<HeldReader> readers;
  if (!observation.look || !observation.look->index) return readers;
  for (std::size_t slot = 0; slot < kReadMarks; ++slot)
    if (observation.look->wal_locks.read[slot]) readers.push_back(held_reader(observation, slot));
  return readers;
}

std::vector<HeldLock> locks_of(const Observation& observation) {
  std::vector<HeldLock> locks;
  if (!observation.look) return locks;
  const Look& look = *observation.look;
  const HeldLocks held = held_locks(look.database_locks);
  if (!look.attached) {
    add_locks(locks, observation, held, false);
    return locks;
  }
  add_locks(locks, observation, held_locks(look.wal_locks), true);
  // In WAL mode every connection holds SHARED: only a lock that is more than that says something.
  add_locks(locks, observation, held, true);
  return locks;
}

std::vector<NamedProcess> processes_of(const Observation& observation) {
  if (!observation.look) return {};
  const Look& look = *observation.look;
  std::vector<NamedProcess> processes;
  std::ranges::transform(look.holders.processes, std::back_inserter(processes), named);
  if (look.unseen_user)
    processes.push_back({look.signs->pid, look.unseen_user->owner, look.unseen_user->start_time});
  if (knows_all_processes(look)) return processes;
  add_holder(processes, look, look.database_locks.shared);
  add_holder(processes, look, look.database_locks.reserved);
  add_holder(processes, look, look.database_locks.pending);
  add_holder(processes, look, look.wal_locks.write);
  add_holder(processes, look, look.wal_locks.checkpoint);
  add_holder(processes, look, look.wal_locks.recover);
  for (const auto& reader : look.wal_locks.read) add_holder(processes, look, reader);
  std::ranges::sort(processes, {}, &NamedProcess::pid);
  return processes;
}

bool knows_all_processes(const Look& look) { return look.holders.complete; }

std::string process_in_words(const NamedProcess& process) {
  const Owner& owner = process.owner;
  if (process.pid == 0) return "a process in another pid namespace";
  if (process.pid < 0) return "an open file description lock, whose process cannot be told";
  std::string details = "pid ";
  details.append(std::to_string(process.pid));
  const auto add = [&](std::string_view word, std::string_view text) {
    if (!text.empty()) details.append(", ").append(word).append(printable(text));
  };
  add("", owner.unit);
  const bool namespaced = !owner.pod.empty() && !owner.pod_namespace.empty();
  add("pod ", namespaced ? owner.pod_namespace + "/" + owner.pod : owner.pod);
  add("container ", owner.container);
  if (process.stopped) details.append(", stopped");
  if (process.frozen) details.append(", frozen");
  if (owner.process.empty()) return details;
  return printable(owner.process).append(" (").append(details).append(")");
}

std::string or_continue(const std::vector<NamedProcess>& processes, std::string_view otherwise) {
  std::string text = to_thaw(processes);
  const std::string stopped = to_continue(processes);
  if (!stopped.empty()) text.append(text.empty() ? "" : " ").append(stopped);
  if (text.empty()) return std::string(otherwise);
  if (std::ranges::all_of(processes, &NamedProcess::stands_still)) return text;
  return text.append(" As for the others: ").append(otherwise);
}

std::string start_in_words(const NamedProcess& process) {
  if (!process.start_time) return "";
  return std::string(", process started ").append(moment_in_words(*process.start_time));
}

}  // namespace sqlite_exporter
