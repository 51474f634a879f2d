/// The exporter's own instruments, in prometheus-cpp's registry: what it was made for.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/metric.h"
#include "exporter/discovery_status.h"
#include "exporter/sql/worker_restart.h"

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

  /// Those it has already stay as they are.
  void add_collectors(std::span<const std::string_view> names);
  /// Of a word that is not timed: its errors are counted from 0.
  void expect_errors(std::string_view name);
  /// One look of one collector at one subject.
  void observe_collector(std::string_view collector, double seconds);
  /// CPU time of all looks until now: it only grows.
  void set_looks_cpu(double seconds);
  void set_sampler_slowdown(double slowdown);
  void count_collector_error(std::string_view collector, Errc reason);
  void count_scrape(std::uint64_t bytes);
  /// All until now: it only grows.
  void set_lost_log_lines(std::uint64_t lines);
  void count_sampler_looks(std::uint64_t looks);
  void set_databases(std::size_t watched, std::size_t excluded, std::size_t over_limit);
  /// CPU time of one task of discovery.
  void count_discovery_cpu(double seconds);
  void set_opened_each_time(std::size_t databases);
  void set_discovery(const DiscoveryStatus& status);
  void set_reload(bool successful, double unix_seconds);
  void set_stalled_mounts(std::size_t count);
  /// A pass that ended; `waiting` databases were not looked at in it.
  void count_pass(std::size_t waiting);
  void set_cpu_starved(bool starved);
  /// A SQL worker may be needed: its restarts are counted from 0.
  void expect_worker();
  void count_worker_restart(WorkerRestart reason);
  void set_worker_sandboxed(bool sandboxed);
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
