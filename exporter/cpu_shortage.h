/// Too little CPU: how it is known, and what of the machine says why.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "collectors/linux/cpu_throttling.h"

namespace sqlite_exporter {

/// Totals that only grow; each is left out where this kernel or this cgroup does not tell.
struct CpuPressure {
  std::chrono::steady_clock::time_point time;
  std::vector<CpuThrottling> limits;      ///< of the own cgroup and those above it that tell
  std::optional<double> waiting_seconds;  ///< in which somebody on the node waited for a core
};

/// What a thread of ours waited, and what the machine says of the same time.
struct CpuShortage {
  std::chrono::steady_clock::duration waited{};
  std::chrono::steady_clock::duration observed{};  ///< 0: not known
  CpuThrottling limit;                  ///< the one that bound most; 0 periods: not known
  std::optional<double> node_pressure;  ///< share of the time, 0 to 1

  /// A limit is why, and not that others use the cores.
  bool is_throttled() const {
    return 2 * limit.throttled_periods >= limit.periods && limit.throttled_periods > 0;
  }
};

/// Of the own cgroup, those above it and the node, whatever `--path.procfs` and `--path.sysfs` say:
/// a container's limit is told in its own namespace.
CpuPressure read_cpu_pressure();

/// Whether threads of ours waited for a core, pass by pass.
class CpuWatch {
 public:
  /// While a pass lasts: what the machine says is read once, and only in a long one.
  void pass_goes_on(std::chrono::steady_clock::duration lasted);
  /// A thread of it waited so long of the time that it was observed.
  void waited(std::chrono::steady_clock::duration waited,
              std::chrono::steady_clock::duration observed);
  /// Samples were late, so that a look had none.
  void samples_late() { short_ = true; }
  /// Nothing if there was enough of it.
  std::optional<CpuShortage> end_pass();

 private:
  std::optional<CpuPressure> before_;
  bool short_ = false;
  std::chrono::steady_clock::duration waited_{};
  std::chrono::steady_clock::duration observed_{};
};

/// Between the two readings, but for what was waited.
CpuShortage shortage_between(const CpuPressure& before, const CpuPressure& after);

}  // namespace sqlite_exporter
