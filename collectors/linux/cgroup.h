/// What the kernel says of one cgroup: time, memory, bytes, waits and processes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "collectors/base/result.h"
#include "collectors/linux/cgroup_files.h"
#include "collectors/linux/cgroup_hierarchy.h"

namespace sqlite_exporter {

/// The kernel's words in memory.events, in the order of `CgroupStatus::memory_events`.
inline constexpr std::array<std::string_view, 6> kCgroupMemoryEvents = {
    "low", "high", "max", "oom", "oom_kill", "oom_group_kill"};

/// In the order of `CgroupStatus::pressure`.
inline constexpr std::array<std::string_view, 3> kCgroupResources = {"cpu", "io", "memory"};

/// Each is left out where the kernel does not say it: the controller is off, the cgroup is the
/// root, the kernel is older or pressure is not built in. Limits are left out where there is none,
/// and are the cgroup's own: an ancestor's may be lower. The numbers are of one cgroup and those
/// below it, but v1's events are of it alone.
struct CgroupStatus {
  std::optional<double> cpu_usage_seconds;
  std::optional<std::uint64_t> cpu_periods;
  std::optional<std::uint64_t> cpu_throttled_periods;
  std::optional<double> cpu_throttled_seconds;  ///< the sum over CPUs
  std::optional<double> cpu_limit_cores;
  std::optional<std::uint64_t> memory_current;
  std::optional<std::uint64_t> memory_working_set;  ///< as cAdvisor: without inactive file pages
  std::optional<std::uint64_t> memory_max;
  std::optional<std::uint64_t> memory_high;  ///< v2; v1's soft limit is another thing
  /// v1 has oom_kill, and of max (failcnt) a count that is larger: a charge that fails for a batch
  /// of pages and then for one counts twice.
  std::array<std::optional<std::uint64_t>, kCgroupMemoryEvents.size()> memory_events;
  BytesByDevice io;
  std::array<CgroupPressure, kCgroupResources.size()> pressure;
  std::optional<std::uint64_t> pids_current;
};

/// How many processes of the cgroup in the v2 hierarchy, and of those below it, were killed for
/// want of memory (memory.events): one file. Nothing if it cannot be read. Error: limit.
Result<std::optional<std::uint64_t>> read_oom_kills(const CgroupRoots& roots,
                                                    const std::string& path);

/// Reads some fifteen files, each once. What cannot be read is left out. Errors: limit (no
/// descriptor left: half of it would look like a cgroup without the rest); if nothing can be read,
/// why, and no_data for a cgroup that was removed or has no controller.
Result<CgroupStatus> read_cgroup(const CgroupRoots& roots, const Cgroup& cgroup);

}  // namespace sqlite_exporter
