#include "exporter/sql/query_readings.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "collectors/label_text.h"
#include "exporter/quoted.h"
#include "exporter/text_format.h"

namespace sqlite_exporter {

constexpr Metric kQuerySuccess = gauge(
    "sqlite_query_success",
    "1 if the last run of the query on this database gave its samples, 0 if it failed, as the "
    "log says.",
    {"query"});
constexpr Metric kQueryDuration =
    gauge("sqlite_query_duration_seconds",
          "How long the last successful run took, from the opening of the database to its close.",
          {"query"});
constexpr Metric kQuerySkipped = gauge(
    "sqlite_query_skipped",
    "1 while the query is due and the database must not be opened: not_open (no application has it "
    "open in WAL mode), rollback (see allow_rollback), state (see sqlite_database_state), "
    "filesystem (network, FUSE, or locks that cannot be seen).",
    {"query", "reason"});

namespace {

using Columns = std::vector<std::string>;

void add_new(Columns& columns, const Columns& more) {
  for (const std::string& name : more)
    if (std::ranges::find(columns, name) == columns.end()) columns.push_back(name);
}

std::size_t position_of(const Columns& columns, const std::string& name) {
  return static_cast<std::size_t>(std::ranges::find(columns, name) - columns.begin());
}

std::string text_of(const Number& number) {
  if (const auto* const integer = std::get_if<std::int64_t>(&number))
    return std::to_string(*integer);
  std::string text;
  append_number(text, std::get<double>(number));
  return text;
}

/// A label without a value is no label.
void append_if_any(std::string& labels, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (!labels.empty()) labels += ',';
  append_label(labels, name, value);
}

std::string labels_of(const QueryMetric& metric, const Columns& columns, const ResultRow& row) {
  std::string labels;
  for (const std::string& name : metric.labels)
    append_if_any(labels, name, row.labels[position_of(columns, name)]);
  return labels;
}

Result<std::vector<QuerySample>> samples_of(const QueryMetric& metric,
                                            const StatementRequest& request,
                                            const std::vector<ResultRow>& rows) {
  std::vector<QuerySample> samples;
  std::set<std::string> seen;
  for (const ResultRow& row : rows) {
    const std::string row_labels = labels_of(metric, request.labels, row);
    for (const std::string& column : metric.values) {
      const std::optional<Number>& value = row.values[position_of(request.values, column)];
      if (!value) continue;
      std::string labels = row_labels;
      if (metric.value_label) append_if_any(labels, *metric.value_label, column);
      if (!seen.insert(labels).second)
        return fail(Errc::config, std::string("two of its rows have the same labels {")
                                      .append(labels)
                                      .append("}, which Prometheus could not tell apart"));
      samples.push_back({std::move(labels), text_of(*value)});
    }
  }
  return samples;
}

}  // namespace

StatementRequest request_of(const QueryConfig& query, std::string path) {
  StatementRequest request;
  request.path = std::move(path);
  request.sql = query.sql;
  request.max_rows = query.max_rows;
  request.timeout = query.timeout;
  for (const QueryMetric& metric : query.metrics) {
    add_new(request.labels, metric.labels);
    add_new(request.values, metric.values);
  }
  return request;
}

Result<std::vector<std::vector<QuerySample>>> samples_of(const QueryConfig& query,
                                                         const std::vector<ResultRow>& rows) {
  const StatementRequest request = request_of(query, {});
  std::vector<std::vector<QuerySample>> all;
  for (const QueryMetric& metric : query.metrics) {
    auto samples = samples_of(metric, request, rows);
    if (!samples) return fail(samples.error());
    all.push_back(std::move(*samples));
  }
  return all;
}

}  // namespace sqlite_exporter
