/// Lines of the Prometheus text format 0.0.4.
#pragma once

#include <string>
#include <string_view>

namespace prometheus {
struct MetricFamily;
}

namespace sqlite_exporter {

/// HELP and TYPE.
void append_head(std::string& text, std::string_view name, std::string_view help,
                 std::string_view type);

/// `name{subject_labels,labels} value`; each of the two is label text without braces, or "".
void append_sample(std::string& text, std::string_view name, std::string_view subject_labels,
                   std::string_view labels, double value);

/// The same with a value that is text already.
void append_sample(std::string& text, std::string_view name, std::string_view subject_labels,
                   std::string_view labels, std::string_view value);

/// Counters, gauges and histograms with all their lines; a family without samples has none.
void append_own_family(std::string& text, const prometheus::MetricFamily& family);

/// The shortest text that reads back as the same double; whole numbers below 2^53 without exponent;
/// NaN, +Inf, -Inf as the format spells them.
void append_number(std::string& text, double value);

}  // namespace sqlite_exporter
