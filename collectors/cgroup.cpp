/// Each cgroup once, however many of its processes hold a database.
#include "collectors/cgroup.h"

#include <unistd.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "collectors/linux/block_device.h"
#include "collectors/linux/cgroup.h"
#include "collectors/linux/cgroup_namespace.h"
#include "collectors/linux/cgroup_path.h"
#include "collectors/linux/process.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {

namespace {

constexpr std::size_t kMostOfProcess = 65536;

consteval Metric cgroup_counter(std::string_view name, std::string_view help) {
  return counter(name, help,
                 {"cgroup", "owner_unit", "owner_namespace", "owner_pod", "owner_container"});
}
consteval Metric cgroup_counter(std::string_view name, std::string_view help,
                                std::string_view label) {
  return counter(
      name, help,
      {"cgroup", "owner_unit", "owner_namespace", "owner_pod", "owner_container", label});
}
consteval Metric cgroup_gauge(std::string_view name, std::string_view help) {
  return gauge(name, help,
               {"cgroup", "owner_unit", "owner_namespace", "owner_pod", "owner_container"});
}

constexpr Metric kCpuUsage =
    cgroup_counter("sqlite_cgroup_cpu_usage_seconds_total",
                   "CPU time that a cgroup with a process that holds a database, or the exporter's "
                   "own, has used (usage_usec; v1: cpuacct.usage).");
constexpr Metric kCpuPeriods = cgroup_counter(
    "sqlite_cgroup_cpu_periods_total",
    "Periods of the CPU limit in which the cgroup ran; none pass without a limit (nr_periods).");
constexpr Metric kCpuThrottledPeriods =
    cgroup_counter("sqlite_cgroup_cpu_throttled_periods_total",
                   "Periods in which the CPU limit was used up and the cgroup had to stop "
                   "(nr_throttled).");
constexpr Metric kCpuThrottled = cgroup_counter(
    "sqlite_cgroup_cpu_throttled_seconds_total",
    "How long the CPU limit stopped the cgroup, the sum over CPUs (throttled_usec; v1: "
    "throttled_time).");
constexpr Metric kCpuLimit = cgroup_gauge(
    "sqlite_cgroup_cpu_limit_cores",
    "CPU time per time that the cgroup's own limit allows, absent without one; that of a cgroup "
    "above may be lower (cpu.max; v1: cpu.cfs_quota_us).");
constexpr Metric kMemoryCurrent =
    cgroup_gauge("sqlite_cgroup_memory_current_bytes",
                 "Memory of the cgroup, cached pages of files included (memory.current; v1: "
                 "memory.usage_in_bytes).");
constexpr Metric kMemoryWorkingSet =
    cgroup_gauge("sqlite_cgroup_memory_working_set_bytes",
                 "Memory of the cgroup without pages of files that were not used of late, which is "
                 "what the kubelet evicts by.");
constexpr Metric kMemoryMax = cgroup_gauge(
    "sqlite_cgroup_memory_max_bytes",
    "The cgroup's own memory limit, absent without one; that of a cgroup above may be lower "
    "(memory.max; v1: memory.limit_in_bytes).");
constexpr Metric kMemoryHigh =
    cgroup_gauge("sqlite_cgroup_memory_high_bytes",
                 "Memory above which the cgroup is slowed down, absent without such a limit "
                 "(memory.high; v2 alone).");
constexpr Metric kMemoryEvents = cgroup_counter(
    "sqlite_cgroup_memory_events_total",
    "Events of the cgroup's memory (memory.events), and of the pod around a container's oom_kill, "
    "which outlives the container. v1 has no pods, and of events oom_kill, and max: as failcnt, "
    "which may count a hit of the limit twice.",
    "event");
constexpr Metric kIoRead =
    cgroup_counter("sqlite_cgroup_io_read_bytes_total",
                   "Bytes that the cgroup had read from a device (rbytes; v1: "
                   "blkio.throttle.io_service_bytes).",
                   "device");
constexpr Metric kIoWritten =
    cgroup_counter("sqlite_cgroup_io_written_bytes_total",
                   "Bytes that the cgroup had written to a device (wbytes; v1: "
                   "blkio.throttle.io_service_bytes, without what the kernel writes back later).",
                   "device");
constexpr Metric kWaiting =
    cgroup_counter("sqlite_cgroup_pressure_waiting_seconds_total",
                   "Time in which some task of the cgroup waited for the resource (some; v2 "
                   "alone).",
                   "resource");
constexpr Metric kStalled =
    cgroup_counter("sqlite_cgroup_pressure_stalled_seconds_total",
                   "Time in which all tasks of the cgroup that could run waited for the resource "
                   "(full; v2 alone).",
                   "resource");
constexpr Metric kPids =
    cgroup_gauge("sqlite_cgroup_pids_current", "Processes and threads in the cgroup.");

constexpr const Metric* kCgroupMetrics[] = {
    &kCpuUsage,         &kCpuPeriods, &kCpuThrottledPeriods,
    &kCpuThrottled,     &kCpuLimit,   &kMemoryCurrent,
    &kMemoryWorkingSet, &kMemoryMax,  &kMemoryHigh,
    &kMemoryEvents,     &kIoRead,     &kIoWritten,
    &kWaiting,          &kStalled,    &kPids,
};

using Cgroups = std::map<std::string, ByCgroupHierarchy<bool>>;  ///< by path

/// Processes that disagree in v1 make one cgroup: each hierarchy has at most one of this path.
void add_process(Cgroups& cgroups, const CgroupRoots& roots, std::string_view text, int pid) {
  std::optional<Cgroup> cgroup = parse_cgroup_membership(text);
  if (!cgroup) return;
  confirm_root(*cgroup, roots, pid);
  ByCgroupHierarchy<bool>& in = cgroups[std::move(cgroup->path)];
  for (std::size_t i = 0; i < in.values.size(); ++i) {
    in.values[i] = in.values[i] || cgroup->in.values[i];
  }
}

/// What belongs to a process that is gone, or may not be read, is left out.
Result<Cgroups> find_cgroups(const NodeLook& look, const CgroupRoots& roots) {
  const std::string& procfs = look.node->paths.procfs;
  const Result<std::string> own_text = read_text(procfs + "/self/cgroup", kMostOfProcess);
  const Result<CgroupNamespace> seen_from =
      CgroupNamespace::find(roots[CgroupHierarchy::unified], own_text.value_or(std::string()));
  if (!seen_from) return fail(seen_from.error());
  Cgroups cgroups;
  const auto add = [&](const Result<std::string>& text, int pid) -> Result<void> {
    if (text) add_process(cgroups, roots, seen_from->node_text(*text), pid);
    if (!text && text.error().code == Errc::limit) return fail(text.error());
    return {};
  };
  const auto own = add(own_text, ::getpid());
  if (!own) return fail(own.error());
  for (const auto& [pid, process] : look.holders) {
    const auto added = add(read_process_cgroup(procfs, pid, process.start_ticks), pid);
    if (!added) return fail(added.error());
  }
  return cgroups;
}

/// The pods around containers: a container whose first process is killed comes back in a cgroup of
/// its own, and what its old one counted is gone with it. In v1 a cgroup counts for itself alone.
std::set<std::string> pods_around(const Cgroups& cgroups) {
  std::set<std::string> pods;
  for (const auto& [path, in] : cgroups) {
    const CgroupOwner owner = owner_of_cgroup(path);
    if (!in[CgroupHierarchy::unified] || owner.pod_uid.empty() || owner.container_id.empty())
      continue;
    // A container may have cgroups of its own below it.
    std::string parent = path;
    while (!owner_of_cgroup(parent).container_id.empty()) parent.resize(parent.rfind('/'));
    if (owner_of_cgroup(parent).pod_uid == owner.pod_uid && !cgroups.contains(parent))
      pods.insert(parent);
  }
  return pods;
}

/// Adds readings of one cgroup, under its labels and perhaps one more.
class Readings {
 public:
  /// The owner is told by the path, as for processes: a process may have moved since it was named.
  Readings(Batch& batch, const std::string& path, const Node& node)
      : batch_(&batch),
        path_(path),
        owner_(owner_named(owner_of_cgroup(path), node.locks ? node.locks->names : PodNames())) {}

  template <class Number>
  void add(const Metric& metric, const std::optional<Number>& value) {
    if (!value) return;
    batch_->add(metric, static_cast<double>(*value),
                {path_, owner_.unit, owner_.pod_namespace, owner_.pod, owner_.container});
  }
  template <class Number>
  void add(const Metric& metric, const std::optional<Number>& value, std::string_view label) {
    if (!value) return;
    batch_->add(metric, static_cast<double>(*value),
                {path_, owner_.unit, owner_.pod_namespace, owner_.pod, owner_.container, label});
  }

 private:
  Batch* batch_;
  std::string path_;
  Owner owner_;
};

void add_status(Readings& readings, const CgroupStatus& status, const std::string& sysfs) {
  readings.add(kCpuUsage, status.cpu_usage_seconds);
  readings.add(kCpuPeriods, status.cpu_periods);
  readings.add(kCpuThrottledPeriods, status.cpu_throttled_periods);
  readings.add(kCpuThrottled, status.cpu_throttled_seconds);
  readings.add(kCpuLimit, status.cpu_limit_cores);
  readings.add(kMemoryCurrent, status.memory_current);
  readings.add(kMemoryWorkingSet, status.memory_working_set);
  readings.add(kMemoryMax, status.memory_max);
  readings.add(kMemoryHigh, status.memory_high);
  readings.add(kPids, status.pids_current);
  for (std::size_t i = 0; i < kCgroupMemoryEvents.size(); ++i) {
    readings.add(kMemoryEvents, status.memory_events[i], kCgroupMemoryEvents[i]);
  }
  for (std::size_t i = 0; i < kCgroupResources.size(); ++i) {
    readings.add(kWaiting, status.pressure[i].waiting, kCgroupResources[i]);
    readings.add(kStalled, status.pressure[i].stalled, kCgroupResources[i]);
  }
  // Two devices of one name would be one series twice.
  std::map<std::string, DeviceBytes> devices;
  for (const auto& [device, bytes] : status.io) {
    devices.emplace(block_device_name(sysfs, device), bytes);
  }
  for (const auto& [device, bytes] : devices) {
    readings.add(kIoRead, bytes.read, device);
    readings.add(kIoWritten, bytes.written, device);
  }
}

Result<void> add_pods(const NodeLook& look, const CgroupRoots& roots, const Cgroups& cgroups,
                      Batch& batch) {
  for (const std::string& path : pods_around(cgroups)) {
    const auto kills = read_oom_kills(roots, path);
    if (!kills) return fail(kills.error());
    Readings(batch, path, *look.node).add(kMemoryEvents, *kills, "oom_kill");
  }
  return {};
}

Result<void> look_at_cgroups(const NodeLook& look, Batch& batch) {
  const std::string& sysfs = look.node->paths.sysfs;
  const Result<CgroupRoots> roots = find_cgroup_roots(sysfs);
  if (!roots) return fail(roots.error());
  const Result<Cgroups> cgroups = find_cgroups(look, *roots);
  if (!cgroups) return fail(cgroups.error());
  Error error{Errc::no_data, "no cgroup of a process that holds a database is known"};
  const std::size_t before = batch.readings().size();
  for (const auto& [path, in] : *cgroups) {
    const Result<CgroupStatus> status = read_cgroup(*roots, {path, in});
    if (status) {
      Readings readings(batch, path, *look.node);
      add_status(readings, *status, sysfs);
    } else if (status.error().code == Errc::limit) {
      return fail(status.error());
    } else {
      error = status.error();
    }
  }
  if (batch.readings().size() > before) return add_pods(look, *roots, *cgroups, batch);
  return fail(std::move(error));
}

}  // namespace

const NodeCollector kCgroupCollector = {"cgroup", kCgroupMetrics, look_at_cgroups};

}  // namespace sqlite_exporter
