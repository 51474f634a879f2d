/// Runs collectors one after the other over one look: times them, counts their errors, and drops
/// what a failed one had added.
#pragma once

#include <chrono>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/batch.h"
#include "exporter/own_metrics.h"

namespace sqlite_exporter {

struct CollectorFailure {
  std::string_view collector;
  Error error;
};

class Stopwatch {
 public:
  /// Seconds since the last lap.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// Counts and keeps an error, unless it is no_data: a success without readings.
inline void keep_failure(std::vector<CollectorFailure>& failures, std::string_view collector,
                         const Error& error, OwnMetrics& metrics) {
  if (error.code == Errc::no_data) return;
  metrics.count_collector_error(collector, error.code);
  failures.push_back({collector, error});
}

template <class AnyCollector, class AnyLook>
void gather(std::span<const AnyCollector* const> collectors, const AnyLook& look, Batch& batch,
            std::vector<CollectorFailure>& failures, OwnMetrics& metrics) {
  Stopwatch watch;
  for (const AnyCollector* collector : collectors) {
    const std::size_t before = batch.readings().size();
    const Result<void> result = collector->look(look, batch);
    metrics.observe_collector(collector->name, watch.lap());
    if (result) continue;
    batch.truncate(before);
    keep_failure(failures, collector->name, result.error(), metrics);
  }
}

}  // namespace sqlite_exporter
