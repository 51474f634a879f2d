/// A collector: a word, the metrics it declares, and the function that fills them from one look.
#pragma once

#include <span>
#include <string_view>

#include "collectors/base/result.h"
#include "collectors/batch.h"
#include "collectors/look.h"
#include "collectors/metric.h"

namespace sqlite_exporter {

struct Collector {
  std::string_view name;  ///< file = config key = label value = heading in the docs
  std::span<const Metric* const> metrics;
  /// Adds readings of one subject. Returns its error and never logs; what it added before an error
  /// is dropped. Runs on pool threads: no state but its arguments.
  Result<void> (*look)(const Look& look, Batch& batch);
};

}  // namespace sqlite_exporter
