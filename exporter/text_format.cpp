/// Lines of the Prometheus text format, and the families of prometheus-cpp as such lines.
#include "exporter/text_format.h"

#include <prometheus/metric_family.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <vector>

#include "collectors/label_text.h"

namespace sqlite_exporter {
namespace {

/// "" for the types no instrument of ours has.
std::string_view type_name(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter: return "counter";
    case prometheus::MetricType::Gauge: return "gauge";
    case prometheus::MetricType::Histogram: return "histogram";
    default: return "";
  }
}

std::string label_text(const std::vector<prometheus::ClientMetric::Label>& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) text += ',';
    append_label(text, name, value);
  }
  return text;
}

/// With the space behind it.
void append_series(std::string& text, std::string_view name, std::string_view subject_labels,
                   std::string_view labels) {
  text += name;
  if (!subject_labels.empty() || !labels.empty()) {
    text += '{';
    text += subject_labels;
    if (!subject_labels.empty() && !labels.empty()) text += ',';
    text += labels;
    text += '}';
  }
  text += ' ';
}

void append_histogram(std::string& text, const std::string& name, const std::string& labels,
                      const prometheus::ClientMetric::Histogram& histogram) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto append_bucket = [&](double upper_bound, std::uint64_t count) {
    std::string le = "le=\"";
    append_number(le, upper_bound);
    append_sample(text, name + "_bucket", labels, le += '"', static_cast<double>(count));
  };
  for (const auto& bucket : histogram.bucket)
    append_bucket(bucket.upper_bound, bucket.cumulative_count);
  if (histogram.bucket.empty() || histogram.bucket.back().upper_bound != kInfinity)
    append_bucket(kInfinity, histogram.sample_count);
  append_sample(text, name + "_sum", labels, "", histogram.sample_sum);
  append_sample(text, name + "_count", labels, "", static_cast<double>(histogram.sample_count));
}

}  // namespace

void append_head(std::string& text, std::string_view name, std::string_view help,
                 std::string_view type) {
  text.append("# HELP ").append(name) += ' ';
  append_help(text, help);
  text.append("\n# TYPE ").append(name).append(" ").append(type) += '\n';
}

void append_sample(std::string& text, std::string_view name, std::string_view subject_labels,
                   std::string_view labels, double value) {
  append_series(text, name, subject_labels, labels);
  append_number(text, value);
  text += '\n';
}

void append_sample(std::string& text, std::string_view name, std::string_view subject_labels,
                   std::string_view labels, std::string_view value) {
  append_series(text, name, subject_labels, labels);
  text.append(value) += '\n';
}

void append_number(std::string& text, double value) {
  constexpr double kExactLimit = 9007199254740992.0;  // 2^53
  if (std::isnan(value)) {
    text += "NaN";
    return;
  }
  if (std::isinf(value)) {
    text += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  char buffer[32];
  char* end = nullptr;
  const bool negative_zero = value == 0 && std::signbit(value);
  if (std::abs(value) < kExactLimit && std::trunc(value) == value && !negative_zero)
    end = std::to_chars(buffer, std::end(buffer), static_cast<std::int64_t>(value)).ptr;
  else
    end = std::to_chars(buffer, std::end(buffer), value).ptr;
  text.append(buffer, end);
}

void append_own_family(std::string& text, const prometheus::MetricFamily& family) {
  const std::string_view type = type_name(family.type);
  if (type.empty() || family.metric.empty()) return;
  append_head(text, family.name, family.help, type);
  for (const prometheus::ClientMetric& metric : family.metric) {
    const std::string labels = label_text(metric.label);
    if (family.type == prometheus::MetricType::Histogram)
      append_histogram(text, family.name, labels, metric.histogram);
    else if (family.type == prometheus::MetricType::Counter)
      append_sample(text, family.name, labels, "", metric.counter.value);
    else
      append_sample(text, family.name, labels, "", metric.gauge.value);
  }
}

}  // namespace sqlite_exporter
