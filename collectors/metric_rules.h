/// Prometheus's naming rules for metrics and their labels, those of users among them.
#pragma once

#include <array>
#include <string_view>

namespace sqlite_exporter {

/// Lower-case letters, digits and underscores; begins with a letter, has no two underscores side by
/// side and none at its end.
constexpr bool is_metric_word(std::string_view text) {
  if (text.empty() || text.front() < 'a' || text.front() > 'z') return false;
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  return !text.ends_with('_') && text.find("__") == std::string_view::npos;
}

/// A unit at the end of a metric's name that is no base unit, "" if there is none.
constexpr std::string_view foreign_unit_of(std::string_view name) {
  if (name.ends_with("_total")) name.remove_suffix(6);
  for (const std::string_view unit : {"_ms", "_milliseconds", "_microseconds", "_nanoseconds",
                                      "_minutes", "_kb", "_kilobytes", "_megabytes", "_percent"})
    if (name.ends_with(unit)) return unit;
  return {};
}

/// Set on every sample by this exporter, by Prometheus, or on parts of histograms and summaries.
inline constexpr std::array<std::string_view, 5> kRefusedLabels = {"database", "job", "instance",
                                                                   "le", "quantile"};

}  // namespace sqlite_exporter
