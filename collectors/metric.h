/// A metric family as data: a name that breaks Prometheus's rules does not compile.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "collectors/metric_rules.h"

namespace sqlite_exporter {

enum class MetricType : std::uint8_t { counter, gauge, histogram };

constexpr std::string_view to_string(MetricType type) {
  switch (type) {
    case MetricType::counter: return "counter";
    case MetricType::gauge: return "gauge";
    case MetricType::histogram: return "histogram";
  }
  return "untyped";
}

/// Names, help and label names are string literals. Only `counter()`, `gauge()` and `histogram()`
/// make one.
class Metric {
 public:
  static constexpr std::size_t kMaxLabels = 8;

  constexpr std::string_view name() const { return name_; }
  constexpr std::string_view help() const { return help_; }
  constexpr MetricType type() const { return type_; }
  /// Besides the label `database` and the target's static labels, in the order of their values.
  constexpr std::span<const std::string_view> labels() const {
    return {labels_.data(), label_count_};
  }

 private:
  consteval Metric(MetricType type, std::string_view name, std::string_view help,
                   std::initializer_list<std::string_view> labels)
      : name_(name), help_(help), type_(type), label_count_(labels.size()) {
    if (!valid_metric_name(name)) throw "a metric is named sqlite_* or process_*, in [a-z0-9_]";
    if (!foreign_unit_of(name).empty()) throw "a metric's name ends in a base unit";
    if (name.ends_with("_total") != (type == MetricType::counter))
      throw "a name ends in _total if and only if it is a counter";
    if (!valid_help(help)) throw "HELP is a sentence in printable ASCII that ends with a period";
    if (labels.size() > kMaxLabels) throw "too many labels";
    std::size_t count = 0;
    for (const std::string_view label : labels) {
      if (!valid_label_name(label)) throw "a label is named in [a-z0-9_] and is not reserved";
      for (std::size_t i = 0; i < count; ++i)
        if (labels_[i] == label) throw "a label is named twice";
      labels_[count++] = label;
    }
  }

  static consteval bool valid_metric_name(std::string_view name) {
    return is_metric_word(name) && (name.starts_with("sqlite_") || name.starts_with("process_"));
  }
  static consteval bool valid_label_name(std::string_view label) {
    for (const std::string_view refused : kRefusedLabels)
      if (label == refused) return false;
    return is_metric_word(label);
  }
  static consteval bool valid_help(std::string_view help) {
    if (!help.ends_with('.')) return false;
    for (const char c : help)
      if (c < ' ' || c > '~' || c == '\\') return false;
    return true;
  }

  friend consteval Metric counter(std::string_view, std::string_view,
                                  std::initializer_list<std::string_view>);
  friend consteval Metric gauge(std::string_view, std::string_view,
                                std::initializer_list<std::string_view>);
  friend consteval Metric histogram(std::string_view, std::string_view,
                                    std::initializer_list<std::string_view>);

  std::string_view name_;
  std::string_view help_;
  MetricType type_;
  std::size_t label_count_;
  std::array<std::string_view, kMaxLabels> labels_{};
};

consteval Metric counter(std::string_view name, std::string_view help,
                         std::initializer_list<std::string_view> labels = {}) {
  return {MetricType::counter, name, help, labels};
}
consteval Metric gauge(std::string_view name, std::string_view help,
                       std::initializer_list<std::string_view> labels = {}) {
  return {MetricType::gauge, name, help, labels};
}
consteval Metric histogram(std::string_view name, std::string_view help,
                           std::initializer_list<std::string_view> labels = {}) {
  return {MetricType::histogram, name, help, labels};
}

}  // namespace sqlite_exporter
