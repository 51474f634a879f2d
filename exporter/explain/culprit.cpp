#include "exporter/explain/culprit.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/inspect/holders.h"

namespace sqlite_exporter {

namespace {

bool is_about(const Runbook& runbook, std::string_view metric) {
  const std::vector<RunbookValue> values = values_of(runbook);
  return std::ranges::find(values, metric, &RunbookValue::metric) != values.end();
}

std::optional<NamedProcess> only_one(const std::vector<NamedProcess>& processes) {
  if (processes.size() != 1) return std::nullopt;
  return processes.front();
}

/// Nothing if no reader is old.
std::optional<HeldReader> oldest_reader(const Observation& observation) {
  std::optional<HeldReader> oldest;
  for (HeldReader& reader : readers_of(observation))
    if (reader.old && (!oldest || reader.pinned_frames > oldest->pinned_frames))
      oldest = std::move(reader);
  return oldest;
}

std::optional<NamedProcess> writer(const Observation& observation) {
  for (HeldLock& lock : locks_of(observation))
    if (lock.lock == to_string(Lock::write) || lock.lock == to_string(Lock::reserved) ||
        lock.lock == to_string(Lock::exclusive))
      return std::move(lock.process);
  return std::nullopt;
}

std::optional<NamedProcess> culprit(const Observation& observation, const Runbook& runbook) {
  if (is_about(runbook, "sqlite_reader_pinned_frames"))
    if (const auto reader = oldest_reader(observation)) return only_one(reader->processes);
  if (is_about(runbook, "sqlite_lock_current_hold_seconds"))
    if (auto process = writer(observation)) return process;
  return only_one(processes_of(observation));
}

void add(Placeholders& placeholders, const char* word, const std::string& value) {
  if (!value.empty()) placeholders[word] = value;
}

}  // namespace

void add_culprit(Placeholders& placeholders, const Observation& observation,
                 const Runbook& runbook) {
  const std::optional<NamedProcess> process = culprit(observation, runbook);
  if (!process || process->pid <= 0) return;
  add(placeholders, "PID", std::to_string(process->pid));
  add(placeholders, "UNIT", process->owner.unit);
  add(placeholders, "NAMESPACE", process->owner.pod_namespace);
  add(placeholders, "POD", process->owner.pod);
}

}  // namespace sqlite_exporter
