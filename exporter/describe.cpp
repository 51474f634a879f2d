/// The reference of metrics and configuration, printed from the declarations in the code.
#include "exporter/describe.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "exporter/config_keys.h"

namespace sqlite_exporter {
namespace {

constexpr std::string_view kMetricsIntro =
    "# Metrics\n\n"
    "<!-- Printed by `sqlite_exporter describe metrics`. -->\n";

constexpr std::string_view kConfigIntro =
    "# Configuration\n\n"
    "<!-- Printed by `sqlite_exporter describe config`. -->\n\n"
    "One file in [TOML](https://toml.io), given by `--config.file`. An unknown key or a wrong\n"
    "value stops the start with one sentence and exit code 2; `sqlite_exporter check-config FILE`\n"
    "checks without starting. A flag wins over the file: `sqlite_exporter --help` lists them.\n";

struct DescribedMetric {
  const Metric* metric;
  std::vector<std::string_view> labels;
};

std::vector<DescribedMetric> described(const MetricGroup& group) {
  std::vector<DescribedMetric> result;
  for (const Metric* metric : group.metrics) {
    std::vector<std::string_view> labels;
    if (group.per_database) labels.emplace_back("database");
    labels.insert(labels.end(), metric->labels().begin(), metric->labels().end());
    result.push_back({metric, std::move(labels)});
  }
  std::ranges::sort(result, {}, [](const DescribedMetric& entry) { return entry.metric->name(); });
  return result;
}

/// A cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c;
  }
  return result;
}

std::string code(std::string_view text) {
  if (text.empty()) return {};
  return std::string("`").append(cell(text)).append("`");
}

void append_markdown_heading(std::string& text, const MetricGroup& group) {
  text.append("\n## ").append(group.collector);
  text.append("\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n");
}

void append_markdown(std::string& text, const MetricGroup& group) {
  for (const auto& [metric, labels] : described(group)) {
    text.append("| ").append(code(metric->name()));
    text.append(" | ").append(to_string(metric->type())).append(" | ");
    for (std::size_t i = 0; i < labels.size(); ++i)
      text.append(i == 0 ? "" : ", ").append(code(labels[i]));
    text.append(labels.empty() ? "| " : " | ").append(cell(metric->help())).append(" |\n");
  }
}

/// Declarations hold printable ASCII only: their checks and tests say so.
std::string json_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string json_object(const DescribedMetric& entry) {
  std::string text = "{\"name\":" + json_string(entry.metric->name());
  text += ",\"help\":" + json_string(entry.metric->help());
  text += ",\"type\":" + json_string(to_string(entry.metric->type())) + ",\"labels\":[";
  for (std::size_t i = 0; i < entry.labels.size(); ++i)
    text.append(i == 0 ? "" : ",").append(json_string(entry.labels[i]));
  return text + "]}";
}

std::string json_object(const ConfigKey& key) {
  std::string text = "{\"table\":" + json_string(key.table);
  text += ",\"key\":" + json_string(key.key);
  text += ",\"type\":" + json_string(to_string(key.type));
  text += ",\"expected\":" + json_string(key.expected);
  text += ",\"default\":" + json_string(key.default_text);
  return text + ",\"help\":" + json_string(key.help) + "}";
}

/// One object a line, so that a diff of the output shows what changed.
template <class Entries>
std::string json_array(const Entries& entries) {
  std::string text = "[";
  for (const auto& entry : entries)
    text.append(text.size() == 1 ? "\n" : ",\n").append(json_object(entry));
  return text + "\n]\n";
}

}  // namespace

std::string describe_metrics(std::span<const MetricGroup> groups, DescribeFormat format) {
  if (format == DescribeFormat::markdown) {
    std::string text(kMetricsIntro);
    std::string_view heading;
    for (const MetricGroup& group : groups) {
      if (group.collector != heading) append_markdown_heading(text, group);
      heading = group.collector;
      append_markdown(text, group);
    }
    return text;
  }
  std::vector<DescribedMetric> all;
  for (const MetricGroup& group : groups)
    std::ranges::copy(described(group), std::back_inserter(all));
  std::ranges::sort(all, {}, [](const DescribedMetric& entry) { return entry.metric->name(); });
  return json_array(all);
}

std::string describe_config(DescribeFormat format) {
  if (format == DescribeFormat::json) return json_array(kConfigKeys);
  std::string text(kConfigIntro);
  std::string_view table;
  for (const ConfigKey& key : kConfigKeys) {
    if (key.table != table) {
      table = key.table;
      text.append("\n## ").append(code(table_header(table)));
      text.append("\n\n| key | value | default | meaning |\n|---|---|---|---|\n");
    }
    text.append("| ").append(code(key.key)).append(" | ").append(cell(key.expected)).append(" | ");
    text.append(code(key.default_text)).append(key.default_text.empty() ? "| " : " | ");
    text.append(cell(key.help)).append(" |\n");
  }
  return text;
}

}  // namespace sqlite_exporter
