#include "exporter/cpu_shortage.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "collectors/linux/cgroup_files.h"
#include "collectors/linux/cgroup_hierarchy.h"
#include "collectors/linux/text.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {

namespace {

constexpr std::size_t kMostOfFile = 64U << 10U;

/// A shorter one cannot have waited for long enough (`ThreadWatch::kLeastWait`).
constexpr std::chrono::milliseconds kLongPass(200);

/// The file that tells of the limit of this process's own cgroup; "" if there is none.
std::string own_cpu_stat() {
  const Result<std::string> text = read_text("/proc/self/cgroup", kMostOfFile);
  const Result<CgroupRoots> roots = find_cgroup_roots("/sys");
  if (!text || !roots) return {};
  std::string found;
  // Each hierarchy by itself: of interest is the CPU limit alone, wherever else the process is.
  for (std::string_view rest = *text; !rest.empty();) {
    const std::optional<Cgroup> cgroup = parse_cgroup_membership(take_until(rest, '\n'));
    if (!cgroup) continue;
    for (const CgroupHierarchy hierarchy : {CgroupHierarchy::cpu, CgroupHierarchy::unified}) {
      const std::string& root = (*roots)[hierarchy];
      if (!cgroup->in[hierarchy] || root.empty()) continue;
      const bool limits = hierarchy == CgroupHierarchy::cpu;
      if (limits || found.empty()) found = root + cgroup->path + "/cpu.stat";
      if (limits) return found;
    }
  }
  return found;
}

std::uint64_t growth(const std::optional<std::uint64_t>& before,
                     const std::optional<std::uint64_t>& after) {
  return before && after && *after > *before ? *after - *before : 0;
}

}  // namespace

CpuPressure read_cpu_pressure() {
  CpuPressure pressure;
  pressure.time = std::chrono::steady_clock::now();
  // Found anew each time: the process may have been moved into another one.
  if (const std::string path = own_cpu_stat(); !path.empty()) {
    if (const Result<std::string> text = read_text(path, kMostOfFile)) {
      pressure.periods = cgroup_value(*text, "nr_periods");
      pressure.throttled_periods = cgroup_value(*text, "nr_throttled");
    }
  }
  if (const Result<std::string> text = read_text("/proc/pressure/cpu", kMostOfFile))
    pressure.waiting_seconds = parse_pressure(*text).waiting;
  return pressure;
}

void CpuWatch::pass_goes_on(std::chrono::steady_clock::duration lasted) {
  if (!before_ && lasted >= kLongPass) before_ = read_cpu_pressure();
}

void CpuWatch::waited(std::chrono::steady_clock::duration waited,
                      std::chrono::steady_clock::duration observed) {
  short_ = true;
  if (waited <= waited_) return;
  waited_ = waited;
  observed_ = observed;
}

std::optional<CpuShortage> CpuWatch::end_pass() {
  const std::optional<CpuPressure> before = std::exchange(before_, std::nullopt);
  const auto waited = std::exchange(waited_, {});
  const auto observed = std::exchange(observed_, {});
  if (!std::exchange(short_, false)) return std::nullopt;
  CpuShortage shortage = before ? shortage_between(*before, read_cpu_pressure()) : CpuShortage();
  shortage.waited = waited;
  shortage.observed = observed;
  return shortage;
}

CpuShortage shortage_between(const CpuPressure& before, const CpuPressure& after) {
  CpuShortage shortage;
  shortage.periods = growth(before.periods, after.periods);
  shortage.throttled_periods =
      std::min(growth(before.throttled_periods, after.throttled_periods), shortage.periods);
  const double seconds = std::chrono::duration<double>(after.time - before.time).count();
  if (before.waiting_seconds && after.waiting_seconds && seconds > 0)
    shortage.node_pressure =
        std::clamp((*after.waiting_seconds - *before.waiting_seconds) / seconds, 0.0, 1.0);
  return shortage;
}

}  // namespace sqlite_exporter
