#include "collectors/linux/cpu_throttling.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "collectors/linux/cgroup_files.h"
#include "collectors/linux/text.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {

namespace {

constexpr std::size_t kMostOfFile = 64U << 10U;
constexpr int kMostCgroups = 32;  ///< no hierarchy of a machine is as deep

struct CpuCgroup {
  std::string root;  ///< directory of the hierarchy
  std::string path;
};

/// Each hierarchy by itself: of interest is the CPU limit alone, wherever else the process is.
std::optional<CpuCgroup> cpu_cgroup_of(const CgroupRoots& roots, std::string_view text) {
  std::optional<CpuCgroup> unified;
  while (!text.empty()) {
    std::optional<Cgroup> cgroup = parse_cgroup_membership(take_until(text, '\n'));
    if (!cgroup) continue;
    const auto is_in = [&](CgroupHierarchy hierarchy) {
      return cgroup->in[hierarchy] && !roots[hierarchy].empty();
    };
    if (is_in(CgroupHierarchy::cpu))
      return CpuCgroup{roots[CgroupHierarchy::cpu], std::move(cgroup->path)};
    if (is_in(CgroupHierarchy::unified))
      unified = CpuCgroup{roots[CgroupHierarchy::unified], std::move(cgroup->path)};
  }
  return unified;
}

}  // namespace

std::vector<CpuThrottling> read_cpu_throttling(const CgroupRoots& roots, std::string_view text) {
  std::vector<CpuThrottling> all;
  const std::optional<CpuCgroup> cgroup = cpu_cgroup_of(roots, text);
  if (!cgroup) return all;
  // "/" is "" here: what is joined has one slash between.
  std::string path = cgroup->path == "/" ? "" : cgroup->path;
  for (int i = 0; i < kMostCgroups; ++i) {
    std::string file = cgroup->root;
    file.append(path).append("/cpu.stat");
    if (const Result<std::string> stat = read_text(file, kMostOfFile)) {
      const auto periods = cgroup_value(*stat, "nr_periods");
      const auto throttled = cgroup_value(*stat, "nr_throttled");
      // Only the root of a namespace has a limit, and that is its container's own.
      const bool above = i > 0 && !path.empty();
      if (periods && throttled)
        all.push_back({path.empty() ? "/" : path, *periods, *throttled, above});
    }
    if (path.empty()) break;
    path.resize(path.rfind('/'));
  }
  return all;
}

std::vector<CpuThrottling> read_own_cpu_throttling(const std::string& procfs,
                                                   const std::string& sysfs) {
  const Result<std::string> text = read_text(procfs + "/self/cgroup", kMostOfFile);
  const Result<CgroupRoots> roots = find_cgroup_roots(sysfs);
  if (!text || !roots) return {};
  return read_cpu_throttling(*roots, *text);
}

}  // namespace sqlite_exporter
