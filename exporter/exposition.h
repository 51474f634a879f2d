/// The Prometheus text format 0.0.4: one writer for database readings and for our own instruments.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/batch.h"

namespace prometheus {
struct MetricFamily;
}

namespace sqlite_exporter {

inline constexpr std::string_view kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

/// What one subject contributes: its own labels, rendered once in its life, and its readings.
struct SubjectReadings {
  std::shared_ptr<const std::string> labels;  ///< `database="app",site="x"`, "" for the node
  Batch batch;
};

/// A family that users named, with its samples as lines.
struct TextFamily {
  std::string name;
  std::string help;
  MetricType type = MetricType::gauge;
  std::string samples;  ///< whole lines
};

/// Families sorted by name, each contiguous under one HELP and TYPE; samples in the order of
/// `subjects`. `own` is sorted by name and shares no family with the readings. `users` are sorted
/// by name, share no family with the others, and come behind them.
std::string write_text(std::span<const SubjectReadings> subjects,
                       std::span<const prometheus::MetricFamily> own,
                       std::span<const TextFamily> users = {});

}  // namespace sqlite_exporter
