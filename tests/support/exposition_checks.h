/// What promtool does not check in a page of the text format: a small reader of our own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace sqlite_exporter::test {

struct PageSample {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;  ///< unescaped, sorted
  double value = 0;
  friend bool operator<(const PageSample& a, const PageSample& b) {
    return std::tie(a.name, a.labels) < std::tie(b.name, b.labels);
  }
};

/// A line that is not a comment, nothing if it does not follow the format.
std::optional<PageSample> read_sample(std::string_view line);

/// The samples of a page in their order; what cannot be read is left to `unreadable_lines`.
std::vector<PageSample> read_samples(std::string_view page);

/// Lines that are neither a sample nor HELP nor TYPE.
std::vector<std::string> unreadable_lines(std::string_view page);

/// Samples with equal names and equal labels in whichever order: Prometheus keeps only the first.
std::vector<std::string> duplicate_samples(std::string_view page);

/// Names that come back after another family, or stand before a smaller one, or lack their TYPE.
std::vector<std::string> misplaced_families(std::string_view page);

}  // namespace sqlite_exporter::test
