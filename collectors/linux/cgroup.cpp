/// The same facts under v2's names and v1's: whichever hierarchy has the cgroup is asked.
#include "collectors/linux/cgroup.h"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "collectors/linux/text_file.h"

namespace sqlite_exporter {
namespace {

constexpr std::size_t kMostOfCgroupFile = 256U << 10U;
constexpr double kNanosecondOfCpu = 1e-9;
constexpr double kMicrosecondOfCpu = 1e-6;

/// The files of one cgroup in one hierarchy.
class Directory {
 public:
  Directory(std::string path, std::optional<Error>& error)
      : path_(std::move(path)), error_(&error) {}

  bool exists() const { return !path_.empty(); }

  /// "" if it cannot be read. The first error is kept, and one of the kind `limit` before it.
  std::string text(std::string_view name) const {
    if (path_.empty()) return {};
    std::string path = path_;
    path.append("/").append(name);
    Result<std::string> read = read_beginning(path, kMostOfCgroupFile);
    if (read) {
      // A number that was cut off would be another number.
      if (read->size() == kMostOfCgroupFile) read->resize(read->rfind('\n') + 1);
      return std::move(*read);
    }
    if (!*error_ || read.error().code == Errc::limit) *error_ = std::move(read.error());
    return {};
  }
  std::optional<std::uint64_t> number(std::string_view name) const {
    return parse_cgroup_number(text(name));
  }

 private:
  std::string path_;
  std::optional<Error>* error_;
};

std::optional<double> scaled(std::optional<std::uint64_t> number, double unit) {
  if (!number) return std::nullopt;
  return static_cast<double>(*number) * unit;
}

std::optional<std::uint64_t> working_set(std::optional<std::uint64_t> usage,
                                         std::optional<std::uint64_t> inactive) {
  if (!usage || !inactive) return std::nullopt;
  return *usage - std::min(*usage, *inactive);
}

/// v1 writes "no limit" as the most pages that its counters take.
std::optional<std::uint64_t> limited(std::optional<std::uint64_t> bytes) {
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  constexpr auto kMostLong = static_cast<std::uint64_t>(std::numeric_limits<long>::max());
  const std::uint64_t unlimited = sizeof(long) < 8 ? kMostLong * page : kMostLong / page * page;
  return bytes && *bytes < unlimited ? bytes : std::nullopt;
}

std::optional<std::uint64_t>& event(CgroupStatus& status, std::string_view name) {
  const auto found = std::ranges::find(kCgroupMemoryEvents, name);
  return status.memory_events[static_cast<std::size_t>(found - kCgroupMemoryEvents.begin())];
}

void read_cpu_v1(const Directory& cpu, const Directory& cpuacct, CgroupStatus& status) {
  status.cpu_usage_seconds = scaled(cpuacct.number("cpuacct.usage"), kNanosecondOfCpu);
  if (!cpu.exists()) return;
  const std::string stat = cpu.text("cpu.stat");
  status.cpu_periods = cgroup_value(stat, "nr_periods");
  status.cpu_throttled_periods = cgroup_value(stat, "nr_throttled");
  status.cpu_throttled_seconds = scaled(cgroup_value(stat, "throttled_time"), kNanosecondOfCpu);
  const auto quota = cpu.number("cpu.cfs_quota_us");  // -1 is no number here
  const auto period = quota ? cpu.number("cpu.cfs_period_us") : std::nullopt;
  if (quota && period && *period > 0) {
    status.cpu_limit_cores = static_cast<double>(*quota) / static_cast<double>(*period);
  }
}

void read_memory_v1(const Directory& memory, CgroupStatus& status) {
  status.memory_current = memory.number("memory.usage_in_bytes");
  status.memory_working_set = working_set(
      status.memory_current, cgroup_value(memory.text("memory.stat"), "total_inactive_file"));
  status.memory_max = limited(memory.number("memory.limit_in_bytes"));
  event(status, "max") = memory.number("memory.failcnt");
  event(status, "oom_kill") = cgroup_value(memory.text("memory.oom_control"), "oom_kill");
}

/// `_recursive` is younger (Linux 4.x has it not): it counts what v2 does.
void read_io_v1(const Directory& blkio, CgroupStatus& status) {
  std::string text = blkio.text("blkio.throttle.io_service_bytes_recursive");
  if (text.empty()) text = blkio.text("blkio.throttle.io_service_bytes");
  status.io = parse_service_bytes(text);
}

void read_cpu_v2(const Directory& unified, bool v1_usage, bool v1_limits, CgroupStatus& status) {
  if (v1_usage && v1_limits) return;
  const std::string stat = unified.text("cpu.stat");
  if (!v1_usage) {
    status.cpu_usage_seconds = scaled(cgroup_value(stat, "usage_usec"), kMicrosecondOfCpu);
  }
  if (v1_limits) return;
  status.cpu_periods = cgroup_value(stat, "nr_periods");
  status.cpu_throttled_periods = cgroup_value(stat, "nr_throttled");
  status.cpu_throttled_seconds = scaled(cgroup_value(stat, "throttled_usec"), kMicrosecondOfCpu);
  status.cpu_limit_cores = parse_cpu_max(unified.text("cpu.max"));
}

void read_memory_v2(const Directory& unified, CgroupStatus& status) {
  status.memory_current = unified.number("memory.current");
  if (!status.memory_current) return;  // its controller is off, or this is the root
  status.memory_working_set = working_set(
      status.memory_current, cgroup_value(unified.text("memory.stat"), "inactive_file"));
  status.memory_max = unified.number("memory.max");
  status.memory_high = unified.number("memory.high");
  const std::string events = unified.text("memory.events");
  for (std::size_t i = 0; i < kCgroupMemoryEvents.size(); ++i) {
    status.memory_events[i] = cgroup_value(events, kCgroupMemoryEvents[i]);
  }
}

void read_pressure(const Directory& unified, bool is_root, CgroupStatus& status) {
  for (std::size_t i = 0; i < kCgroupResources.size(); ++i) {
    const std::string name = std::string(kCgroupResources[i]).append(".pressure");
    status.pressure[i] = parse_pressure(unified.text(name));
  }
  // At the root the kernel writes 0: a whole machine has no CPU that all its tasks wait for.
  if (is_root) status.pressure[0].stalled.reset();
}

bool says_nothing(const CgroupStatus& status) {
  return !status.cpu_usage_seconds && !status.cpu_periods && !status.memory_current &&
         !status.pids_current && status.io.empty() &&
         std::ranges::all_of(status.pressure,
                             [](const auto& one) { return one == CgroupPressure{}; });
}

}  // namespace

Result<std::optional<std::uint64_t>> read_oom_kills(const CgroupRoots& roots,
                                                    const std::string& path) {
  std::optional<Error> error;
  const std::string& root = roots[CgroupHierarchy::unified];
  const Directory unified(root.empty() ? root : root + path, error);
  const std::optional<std::uint64_t> kills =
      cgroup_value(unified.text("memory.events"), "oom_kill");
  if (error && error->code == Errc::limit) return fail(*error);
  return kills;
}

Result<CgroupStatus> read_cgroup(const CgroupRoots& roots, const Cgroup& cgroup) {
  std::optional<Error> error;
  const auto directory = [&](CgroupHierarchy hierarchy) {
    const bool there = cgroup.in[hierarchy] && !roots[hierarchy].empty();
    return Directory(there ? roots[hierarchy] + cgroup.path : std::string(), error);
  };
  const Directory unified = directory(CgroupHierarchy::unified);
  const Directory cpu = directory(CgroupHierarchy::cpu);
  const Directory cpuacct = directory(CgroupHierarchy::cpuacct);
  const Directory memory = directory(CgroupHierarchy::memory);
  const Directory blkio = directory(CgroupHierarchy::blkio);
  const Directory pids = directory(CgroupHierarchy::pids);

  CgroupStatus status;
  read_cpu_v1(cpu, cpuacct, status);
  read_cpu_v2(unified, cpuacct.exists(), cpu.exists(), status);
  if (memory.exists()) {
    read_memory_v1(memory, status);
  } else {
    read_memory_v2(unified, status);
  }
  if (blkio.exists()) {
    read_io_v1(blkio, status);
  } else {
    status.io = parse_io_stat(unified.text("io.stat"));
  }
  status.pids_current = (pids.exists() ? pids : unified).number("pids.current");
  read_pressure(unified, cgroup.path == "/", status);

  if (error && error->code == Errc::limit) return fail(*error);
  if (!says_nothing(status)) return status;
  if (error) return fail(*error);
  return fail(Errc::no_data, "no controller tells of " + cgroup.path);
}

}  // namespace sqlite_exporter
