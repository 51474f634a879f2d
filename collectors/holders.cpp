#include "collectors/holders.h"

#include <map>

namespace sqlite_exporter {

namespace {

constexpr Metric kProcesses = gauge(
    "sqlite_holder_processes",
    "Processes that have the database open, as their locks show (in rollback mode only while they "
    "read or write); absent where /proc/locks does not show all of them.",
    {"owner_process", "owner_unit", "owner_namespace", "owner_pod", "owner_container"});

constexpr Metric kStopped =
    gauge("sqlite_holder_stopped",
          "1 while a process of this owner that has a database open is stopped (by a signal or a "
          "debugger), or its cgroup is seen to be frozen (docker pause, systemctl freeze): what it "
          "locks stays locked until it goes on.",
          {"owner_process", "owner_unit", "owner_namespace", "owner_pod", "owner_container"});
constexpr Metric kOpenFds = gauge(
    "sqlite_holder_open_fds",
    "Files that a process of this owner has open, databases and all else; of several processes "
    "the one nearest to its limit.",
    {"owner_process", "owner_unit", "owner_namespace", "owner_pod", "owner_container"});
constexpr Metric kMaxFds = gauge(
    "sqlite_holder_max_fds",
    "How many files the process of sqlite_holder_open_fds may have open (its soft RLIMIT_NOFILE).",
    {"owner_process", "owner_unit", "owner_namespace", "owner_pod", "owner_container"});

constexpr const Metric* kHoldersMetrics[] = {&kProcesses};
constexpr const Metric* kHoldersNodeMetrics[] = {&kStopped, &kOpenFds, &kMaxFds};

bool knows_descriptors(const Process& process) { return process.open_fds && process.max_fds; }

/// Both know.
bool is_nearer_to_limit(const Process& one, const Process& other) {
  return static_cast<double>(*one.open_fds) * static_cast<double>(*other.max_fds) >
         static_cast<double>(*other.open_fds) * static_cast<double>(*one.max_fds);
}

struct OwnersProcesses {
  bool stopped = false;
  const Process* nearest = nullptr;
};

Result<void> look_at_processes(const NodeLook& look, Batch& batch) {
  std::map<Owner, OwnersProcesses> owners;
  for (const auto& [pid, process] : look.holders) {
    // Of one that is gone since nothing is known.
    if (process.start_ticks == 0) continue;
    OwnersProcesses& of_owner = owners[process.owner];
    of_owner.stopped = of_owner.stopped || process.stands_still();
    if (!knows_descriptors(process)) continue;
    if (of_owner.nearest == nullptr || is_nearer_to_limit(process, *of_owner.nearest))
      of_owner.nearest = &process;
  }
  for (const auto& [owner, processes] : owners) {
    const auto add = [&](const Metric& metric, double value) {
      batch.add(metric, value,
                {owner.process, owner.unit, owner.pod_namespace, owner.pod, owner.container});
    };
    add(kStopped, processes.stopped ? 1 : 0);
    if (processes.nearest == nullptr) continue;
    add(kOpenFds, static_cast<double>(*processes.nearest->open_fds));
    add(kMaxFds, static_cast<double>(*processes.nearest->max_fds));
  }
  return {};
}

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
          "filesystem (/proc/locks names files in another way than stat), open_file_description "
          "(the lock belongs to one, and no process shows it), procfs (there is none at "
          "--path.procfs).",
          {"reason"});

const Collector kHoldersCollector = {"holders", kHoldersMetrics, look_at_holders};

const NodeCollector kHoldersNodeCollector = {"holders", kHoldersNodeMetrics, look_at_processes};

}  // namespace sqlite_exporter
