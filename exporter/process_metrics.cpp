/// The numbers behind process_*.
#include "exporter/process_metrics.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include "collectors/linux/process_stat.h"

namespace sqlite_exporter {
namespace {

Result<ProcessStat> read_own_stat() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return parse_process_stat(text);
}

double seconds_of(std::uint64_t ticks) {
  return static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::optional<std::size_t> open_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  std::size_t count = 0;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
  if (error || count == 0) return std::nullopt;
  return count - 1;  // without the one that lists them
}

prometheus::MetricFamily family_of(const Metric& metric, double value) {
  prometheus::ClientMetric sample;
  const bool is_counter = metric.type() == MetricType::counter;
  (is_counter ? sample.counter.value : sample.gauge.value) = value;
  return {std::string(metric.name()),
          std::string(metric.help()),
          is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge,
          {sample}};
}

}  // namespace

ProcessMetrics::ProcessMetrics() {
  if (const Result<ProcessStat> stat = read_own_stat())
    start_time_ = now(CLOCK_REALTIME) - (now(CLOCK_BOOTTIME) - seconds_of(stat->start_ticks));
}

std::vector<prometheus::MetricFamily> ProcessMetrics::Collect() const {
  std::vector<prometheus::MetricFamily> families;
  const auto add = [&](const Metric& metric, auto value) {
    families.push_back(family_of(metric, static_cast<double>(value)));
  };
  if (const Result<ProcessStat> stat = read_own_stat()) {
    add(kProcessCpuSeconds, seconds_of(stat->user_ticks + stat->system_ticks));
    add(kProcessResidentMemory,
        stat->resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
    add(kProcessThreads, stat->threads);
    add(kProcessVirtualMemory, stat->virtual_bytes);
  }
  if (start_time_) add(kProcessStartTime, *start_time_);
  if (const auto count = open_descriptors()) add(kProcessOpenFds, *count);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    add(kProcessMaxFds, limit.rlim_cur);
  return families;
}

}  // namespace sqlite_exporter
