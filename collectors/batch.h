/// The readings of one subject at one moment, compact enough to keep for every database of a node.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/metric.h"

namespace sqlite_exporter {

struct Reading {
  const Metric* metric;         ///< declared for the life of the program
  double value;                 ///< a count is exact up to 2^53
  std::uint32_t labels_offset;  ///< into the batch's label text
  std::uint32_t labels_size;
};

class Batch {
 public:
  /// `label_values` in the order of `metric.labels()`, as many as those.
  void add(const Metric& metric, double value,
           std::initializer_list<std::string_view> label_values = {});

  /// Forgets everything from reading `size` on: a collector that failed contributes nothing.
  void truncate(std::size_t size);

  std::span<const Reading> readings() const { return readings_; }
  /// `state="wal_live"`: escaped, without braces, "" without labels.
  std::string_view labels(const Reading& reading) const;

 private:
  std::vector<Reading> readings_;
  std::string label_text_;
};

}  // namespace sqlite_exporter
