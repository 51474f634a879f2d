/// The exporter's own instruments, in prometheus-cpp's registry: what it was made for.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/metric.h"

namespace prometheus {
struct MetricFamily;
}

namespace sqlite_exporter {

/// Every method may be called from any thread.
class OwnMetrics {
 public:
  explicit OwnMetrics(std::span<const std::string_view> collector_names);
  ~OwnMetrics();
  OwnMetrics(const OwnMetrics&) = delete;
  OwnMetrics& operator=(const OwnMetrics&) = delete;

  /// One look of one collector at one subject.
  void observe_collector(std::string_view collector, double seconds);
  void count_collector_error(std::string_view collector, Errc reason);
  void count_scrape(std::uint64_t bytes);
  void count_sampler_looks(std::uint64_t looks);
  void set_databases(std::size_t watched, std::size_t over_limit);
  void set_stalled_mounts(std::size_t count);
  void set_snapshot_time(double unix_seconds);

  /// Includes process_*. Sorted by family name.
  std::vector<prometheus::MetricFamily> collect() const;

  /// The declarations, for `describe` and its checks.
  static std::span<const Metric> declarations();

 private:
  struct Instruments;
  std::unique_ptr<Instruments> instruments_;
};

}  // namespace sqlite_exporter
