#include "exporter/explain/culprit.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/commits.h"
#include "exporter/explain/live_values.h"
#include "exporter/inspect/advice.h"
#include "exporter/inspect/holders.h"

namespace sqlite_exporter {

namespace {

/// Whom a runbook means by PID.
enum class Accused : std::uint8_t {
  reader,
  reader_or_idle,  ///< the reader; if there is none, who has it open and does not checkpoint
  writer,
  commit_blocker,  ///< in rollback mode: the reader that a commit waits for, else the writer
  lost_locks,
  only_one,  ///< whoever has it open
};

struct Rule {
  std::string_view alert;
  Accused accused;
};

/// Of all others it is `only_one`.
constexpr auto kRules = std::to_array<Rule>({
    {"SqliteForgottenReader", Accused::reader},
    {"SqliteWalGrowing", Accused::reader},
    {"SqliteCheckpointStarved", Accused::reader_or_idle},
    {"SqliteWriteLockSaturated", Accused::writer},
    {"SqliteWritesStopped", Accused::writer},
    {"SqliteCommitBlocked", Accused::commit_blocker},
    {"SqliteLocksLost", Accused::lost_locks},
});

Accused accused_of(const Runbook& runbook) {
  const auto* const rule = std::ranges::find(kRules, runbook.alert, &Rule::alert);
  return rule == kRules.end() ? Accused::only_one : rule->accused;
}

std::optional<NamedProcess> only_one(const Observation& observation) {
  if (!knows_all_processes(*observation.look)) return std::nullopt;
  std::vector<NamedProcess> processes = processes_of(observation);
  if (processes.size() != 1) return std::nullopt;
  return std::move(processes.front());
}

/// The reader that pins the most, if it is one process.
std::optional<NamedProcess> old_reader(const Observation& observation) {
  std::optional<HeldReader> oldest;
  for (HeldReader& reader : readers_of(observation))
    if (reader.old && (!oldest || reader.pinned_frames > oldest->pinned_frames))
      oldest = std::move(reader);
  if (!oldest || oldest->processes.size() != 1) return std::nullopt;
  return std::move(oldest->processes.front());
}

bool has_old_reader(const Observation& observation) {
  return std::ranges::any_of(readers_of(observation), &HeldReader::old);
}

bool has_backlog(const Observation& observation) {
  return std::ranges::any_of(advice_for(observation),
                             [](const Advice& advice) { return advice.subject == "wal_backlog"; });
}

/// Writers that take turns hold the lock at every moment, one or the other.
std::optional<NamedProcess> writer(const Observation& observation) {
  const Look& look = *observation.look;
  for (const Lock lock : {Lock::write, Lock::reserved, Lock::exclusive}) {
    const std::optional<LockHold>& hold = look.sample.lock_time.hold(lock);
    if (!hold || !observation.look_before || hold->since > *observation.look_before) continue;
    for (HeldLock& held : locks_of(observation))
      if (held.lock == to_string(lock) && held.process.pid == hold->pid)
        return std::move(held.process);
  }
  return std::nullopt;
}

/// An ordinary commit keeps others waiting for a moment, too: it was so at the look before.
std::optional<NamedProcess> commit_blocker(const Observation& observation) {
  std::optional<CommitBlocker> blocker = commit_reader(*observation.look);
  if (!blocker) blocker = commit_writer(*observation.look);
  if (!blocker || !observation.look_before || blocker->since > *observation.look_before)
    return std::nullopt;
  return NamedProcess{blocker->pid, std::move(blocker->owner), std::nullopt};
}

std::optional<NamedProcess> lost_locks(const Observation& observation) {
  const std::optional<LostLocks>& lost = observation.look->holders.lost_locks;
  if (!lost) return only_one(observation);
  std::vector<NamedProcess> processes = processes_of(observation);
  const auto found = std::ranges::find(processes, lost->pid, &NamedProcess::pid);
  return found != processes.end() ? std::move(*found) : NamedProcess{lost->pid, {}, {}};
}

std::optional<NamedProcess> culprit(const Observation& observation, const Runbook& runbook) {
  if (!observation.look) return std::nullopt;
  switch (accused_of(runbook)) {
    case Accused::reader: return old_reader(observation);
    case Accused::reader_or_idle:
      if (has_old_reader(observation)) return old_reader(observation);
      return has_backlog(observation) ? only_one(observation) : std::nullopt;
    case Accused::writer: return writer(observation);
    case Accused::commit_blocker: return commit_blocker(observation);
    case Accused::lost_locks: return lost_locks(observation);
    case Accused::only_one: return only_one(observation);
  }
  return std::nullopt;
}

void add(Placeholders& placeholders, const char* word, const std::string& value) {
  if (!value.empty()) placeholders[word] = value;
}

void add_process(Placeholders& placeholders, int pid, const Owner& owner) {
  if (pid <= 0) return;
  add(placeholders, "PID", std::to_string(pid));
  // A session or a slice is not restarted, and the unit of a container runtime has all containers.
  if (owner.unit.ends_with(".service") && owner.container.empty() && owner.pod.empty())
    add(placeholders, "UNIT", owner.unit);
  add(placeholders, "NAMESPACE", owner.pod_namespace);
  add(placeholders, "POD", owner.pod);
}

}  // namespace

void add_culprit(Placeholders& placeholders, const Observation& observation,
                 const Runbook& runbook) {
  const std::optional<NamedProcess> process = culprit(observation, runbook);
  if (process) add_process(placeholders, process->pid, process->owner);
}

void add_commit_blocker(Placeholders& placeholders, const Snapshot& passes,
                        const std::string& database) {
  if (placeholders.contains("PID")) return;
  const std::array<RunbookValue, 1> wanted = {{{"sqlite_commit_blocked_pid", ""}}};
  const std::vector<LiveValue> pids = live_values(passes, wanted, database);
  if (pids.size() != 1) return;
  const auto label = [&](std::string_view name) {
    return label_of_database(passes, database, "sqlite_commit_blocked_seconds", name).value_or("");
  };
  add_process(placeholders, static_cast<int>(pids.front().value),
              {label("owner_process"), label("owner_unit"), label("owner_namespace"),
               label("owner_pod"), label("owner_container")});
}

}  // namespace sqlite_exporter
