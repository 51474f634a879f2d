#include "collectors/holders.h"

#include <map>

namespace sqlite_exporter {

namespace {

constexpr Metric kProcesses = gauge(
    "sqlite_holder_processes",
    "Processes that have the database open, as their locks show (in rollback mode only while they "
    "read or write); absent where /proc/locks does not show all of them.",
    {"owner_process", "owner_unit", "owner_namespace", "owner_pod", "owner_container"});

constexpr const Metric* kMetrics[] = {&kProcesses};

Result<void> look_at_holders(const Look& look, Batch& batch) {
  if (!look.holders.complete) return fail(Errc::no_data, "there may be others");
  std::map<Owner, int> processes;
  for (const HolderProcess& holder : look.holders.processes) ++processes[holder.process.owner];
  for (const auto& [owner, count] : processes)
    batch.add(kProcesses, count,
              {owner.process, owner.unit, owner.pod_namespace, owner.pod, owner.container});
  return {};
}

}  // namespace

constexpr Metric kAttributionLimited =
    gauge("sqlite_attribution_limited",
          "1 for each reason why owners of locks cannot be told: denied (CAP_SYS_PTRACE shows "
          "other users' descriptors), pid_namespace (hostPID shows other pods' processes), "
          "filesystem (/proc/locks names files in another way than stat).",
          {"reason"});

const Collector kHoldersCollector = {"holders", kMetrics, look_at_holders};

}  // namespace sqlite_exporter
