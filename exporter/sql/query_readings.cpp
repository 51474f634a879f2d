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
    "1 if the last run of the query on this database gave all of its samples, 0 if it did not, as "
    "the log says.",
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

/// Where in each row the columns of a metric are.
std::vector<std::size_t> positions_of(const Columns& all, const Columns& some) {
  std::vector<std::size_t> positions;
  positions.reserve(some.size());
  for (const std::string& name : some)
    positions.push_back(static_cast<std::size_t>(std::ranges::find(all, name) - all.begin()));
  return positions;
}

Result<std::vector<QuerySample>> samples_of(const QueryMetric& metric,
                                            const StatementRequest& request,
                                            const std::vector<ResultRow>& rows) {
  const std::vector<std::size_t> labels_at = positions_of(request.labels, metric.labels);
  const std::vector<std::size_t> values_at = positions_of(request.values, metric.values);
  std::vector<QuerySample> samples;
  std::set<std::string> seen;
  for (const ResultRow& row : rows) {
    std::string row_labels;
    for (std::size_t i = 0; i < metric.labels.size(); ++i)
      append_if_any(row_labels, metric.labels[i], row.labels[labels_at[i]]);
    for (std::size_t i = 0; i < metric.values.size(); ++i) {
      const std::optional<Number>& value = row.values[values_at[i]];
      if (!value) continue;
      std::string labels = row_labels;
      if (metric.value_label) append_if_any(labels, *metric.value_label, metric.values[i]);
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
  if (query.sync) {
    request.sync = query.sync;
    request.labels.assign(kSyncLabels.begin(), kSyncLabels.end());
    request.values.assign(kSyncValues.begin(), kSyncValues.end());
  }
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
