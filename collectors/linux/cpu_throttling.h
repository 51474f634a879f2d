/// How the CPU limits that bind one process stop it: its own cgroup's, and those of all above it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/linux/cgroup_hierarchy.h"

namespace sqlite_exporter {

/// Totals of one cgroup's CPU limit, which only grow (cpu.stat).
struct CpuThrottling {
  std::string path;  ///< of the cgroup; chosen by users, so it may hold any byte
  std::uint64_t periods = 0;
  std::uint64_t throttled_periods = 0;
  bool above = false;  ///< it is not the process's own cgroup, but one around it
  friend bool operator==(const CpuThrottling&, const CpuThrottling&) = default;
};

/// Of the cgroup that the text of /proc/<pid>/cgroup names and of each above it that tells, up to
/// the root that is seen in `roots`: the innermost first. v1's hierarchy `cpu` counts before v2's.
std::vector<CpuThrottling> read_cpu_throttling(const CgroupRoots& roots, std::string_view text);

/// Of this process: `procfs` and `sysfs` are those of its own namespaces.
std::vector<CpuThrottling> read_own_cpu_throttling(const std::string& procfs,
                                                   const std::string& sysfs);

}  // namespace sqlite_exporter
