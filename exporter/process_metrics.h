/// What every Prometheus client says about its own process, from /proc/self.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <optional>
#include <vector>

#include "collectors/metric.h"

namespace sqlite_exporter {

inline constexpr Metric kProcessCpuSeconds =
    counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.");
inline constexpr Metric kProcessMaxFds =
    gauge("process_max_fds", "Maximum number of open file descriptors.");
inline constexpr Metric kProcessOpenFds =
    gauge("process_open_fds", "Number of open file descriptors.");
inline constexpr Metric kProcessResidentMemory =
    gauge("process_resident_memory_bytes", "Resident memory size in bytes.");
inline constexpr Metric kProcessStartTime = gauge(
    "process_start_time_seconds", "Start time of the process since the Unix epoch in seconds.");
inline constexpr Metric kProcessThreads =
    gauge("process_threads", "Number of threads of the process.");
inline constexpr Metric kProcessVirtualMemory =
    gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.");

class ProcessMetrics final : public prometheus::Collectable {
 public:
  ProcessMetrics();

  /// What cannot be read now is left out.
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::optional<double> start_time_;  ///< taken once: a step of the wall clock is no restart
};

}  // namespace sqlite_exporter
