#include "exporter/config_queries.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "collectors/label_text.h"
#include "collectors/metric_rules.h"
#include "exporter/config_refusal.h"
#include "exporter/config_sync.h"
#include "exporter/config_values.h"
#include "exporter/quoted.h"

namespace sqlite_exporter {
namespace {

using namespace std::chrono_literals;
using Text = Written<std::string>;

/// The families of this exporter, and what Prometheus itself writes about a target.
constexpr std::array<std::string_view, 3> kForeignPrefixes = {"sqlite_", "process_", "scrape_"};

/// Those that the configuration gives databases.
std::set<std::string> labels_of(std::span<const DatabaseConfig> databases) {
  std::set<std::string> labels;
  for (const DatabaseConfig& database : databases) {
    for (const auto& [name, value] : database.labels) labels.insert(name);
    if (!database.labels_from_path) continue;
    const auto& names = database.labels_from_path->names();
    labels.insert(names.begin(), names.end());
  }
  return labels;
}

Result<void> check_metric_name(const Text& name, MetricType type) {
  if (auto text = check_text(name); !text) return text;
  if (!is_metric_word(name.value))
    return refuse(name.where,
                  "must be a metric's name in [a-z0-9_] that begins with a letter, not " +
                      in_quotes(name.value));
  for (const std::string_view prefix : kForeignPrefixes)
    if (name.value.starts_with(prefix) || name.value == "up")
      return refuse(name.where, "is refused: " + in_quotes(name.value) +
                                    " could be a metric of this exporter or of Prometheus");
  if (const std::string_view unit = foreign_unit_of(name.value); !unit.empty())
    return refuse(name.where, std::string("must end in a base unit such as _seconds or _bytes, ")
                                  .append("not in ")
                                  .append(in_quotes(unit)));
  if (name.value.ends_with("_total") != (type == MetricType::counter))
    return refuse(name.where, type == MetricType::counter
                                  ? "must end in _total, because it is a counter"
                                  : "must not end in _total, because it is a gauge");
  return {};
}

Result<void> check_label(const Text& label, const std::set<std::string>& taken) {
  if (!valid_label_name(label.value))
    return refuse(label.where,
                  "must name columns that are label names: letters, digits and underscores, with "
                  "neither a digit nor two underscores in front; name the column so with AS");
  if (std::ranges::find(kRefusedLabels, label.value) != kRefusedLabels.end())
    return refuse(label.where, "is refused: Prometheus or this exporter sets the label " +
                                   in_quotes(label.value));
  if (taken.contains(label.value))
    return refuse(label.where, "is refused: a [[database]] has the label " +
                                   in_quotes(label.value) + " already");
  return {};
}

Result<QueryMetric> make_metric(const QueryMetricDraft& draft,
                                const std::set<std::string>& database_labels) {
  QueryMetric metric;
  if (draft.type) {
    if (draft.type->value != "gauge" && draft.type->value != "counter")
      return refuse(draft.type->where, declared("query.metric", "type"),
                    in_quotes(draft.type->value));
    metric.type = draft.type->value == "counter" ? MetricType::counter : MetricType::gauge;
  }
  if (!draft.name) return refuse(draft.where, "is without a \"name\"");
  if (auto name = check_metric_name(*draft.name, metric.type); !name) return fail(name.error());
  metric.name = draft.name->value;
  if (!draft.help) return refuse(draft.where, "is without a \"help\"");
  if (auto help = check_text(*draft.help); !help) return fail(help.error());
  metric.help = draft.help->value;

  auto labels = make_texts(draft.labels);
  if (!labels) return fail(labels.error());
  for (const Text& label : draft.labels)
    if (auto checked = check_label(label, database_labels); !checked) return fail(checked.error());
  metric.labels = std::move(*labels);
  auto values = make_texts(draft.values);
  if (!values) return fail(values.error());
  if (values->empty()) return refuse(draft.where, "must name at least one column in \"values\"");
  metric.values = std::move(*values);
  if (draft.value_label) {
    if (auto label = check_label(*draft.value_label, database_labels); !label)
      return fail(label.error());
    if (std::ranges::find(metric.labels, draft.value_label->value) != metric.labels.end())
      return refuse(draft.value_label->where,
                    "is one of the labels already: " + in_quotes(draft.value_label->value));
    metric.value_label = draft.value_label->value;
  } else if (metric.values.size() > 1) {
    return refuse(draft.where,
                  "must have a \"value_label\", which tells its several \"values\" apart");
  }
  return metric;
}

Result<void> check_sql(const Text& sql) {
  std::string spaced = sql.value;
  for (char& c : spaced)
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  if (spaced.find_first_not_of(' ') == std::string::npos)
    return refuse(sql.where, "must not be empty");
  if (has_control_character(spaced))
    return refuse(sql.where, "must not contain control characters but newlines and tabs");
  return {};
}

Result<QueryConfig> make_query(const QueryDraft& draft,
                               const std::set<std::string>& database_labels) {
  QueryConfig query;
  if (!draft.name) return refuse(draft.where, "is without a \"name\"");
  if (auto name = check_text(*draft.name); !name) return fail(name.error());
  query.name = draft.name->value;
  auto databases = make_databases(draft.where, draft.databases);
  if (!databases) return fail(databases.error());
  query.databases = std::move(*databases);
  if (!draft.sql) return refuse(draft.where, "is without \"sql\"");
  if (auto sql = check_sql(*draft.sql); !sql) return fail(sql.error());
  query.sql = draft.sql->value;

  const Result<void> set =
      all_of({set_duration(query.interval, draft.interval, declared("query", "interval"), 1s, 24h),
              set_duration(query.timeout, draft.timeout, declared("query", "timeout"), 10ms, 1min),
              set_count(query.max_rows, draft.max_rows, declared("query", "max_rows"), 10'000)});
  if (!set) return fail(set.error());
  if (draft.metrics.empty())
    return refuse(draft.where, "must have a [[query.metric]] for what it finds");
  for (const QueryMetricDraft& metric : draft.metrics) {
    auto made = make_metric(metric, database_labels);
    if (!made) return fail(made.error());
    query.metrics.push_back(std::move(*made));
  }
  return query;
}

}  // namespace

Result<SqlConfig> make_sql(const ConfigDraft& draft, std::span<const DatabaseConfig> databases) {
  SqlConfig sql;
  sql.allow_rollback = draft.sql_allow_rollback.value_or(sql.allow_rollback);
  if (auto frames = set_count(sql.max_pinned_frames, draft.sql_max_pinned_frames,
                              declared("sql", "max_pinned_frames"), 1'000'000);
      !frames)
    return fail(frames.error());
  const std::set<std::string> database_labels = labels_of(databases);
  std::set<std::string> names;
  std::set<std::string> families;
  for (const QueryDraft& query : draft.queries) {
    auto made = make_query(query, database_labels);
    if (!made) return fail(made.error());
    if (!names.insert(made->name).second)
      return refuse(query.name->where,
                    "must be unique, there is a query " + in_quotes(made->name) + " already");
    for (std::size_t i = 0; i < made->metrics.size(); ++i)
      if (!families.insert(made->metrics[i].name).second)
        return refuse(
            query.metrics[i].name->where,
            "must be unique, there is a metric " + in_quotes(made->metrics[i].name) + " already");
    sql.queries.push_back(std::move(*made));
  }
  if (!draft.sync) return sql;
  auto sync = make_sync(*draft.sync);
  if (!sync) return fail(sync.error());
  const auto same = std::ranges::find(sql.queries, sync->name, &QueryConfig::name);
  if (same != sql.queries.end())
    return refuse(draft.queries[static_cast<std::size_t>(same - sql.queries.begin())].name->where,
                  "is refused: " + in_quotes(sync->name) + " is the query that [sync] stands for");
  sql.queries.push_back(std::move(*sync));
  return sql;
}

}  // namespace sqlite_exporter
