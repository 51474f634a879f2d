/// What the user wants to be read by SQL.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/metric.h"
#include "exporter/sql/sync_work.h"

namespace sqlite_exporter {

/// A family that a query fills: one sample for each row and value.
struct QueryMetric {
  std::string name;
  std::string help;
  MetricType type = MetricType::gauge;     ///< or counter
  std::vector<std::string> labels;         ///< columns whose values are labels of the same name
  std::vector<std::string> values;         ///< columns with numbers, at least one
  std::optional<std::string> value_label;  ///< names the column a sample's value is from

  bool operator==(const QueryMetric&) const = default;
};

/// The name of the query that `[sync]` stands for.
inline constexpr std::string_view kSyncName = "sync";

/// A query of the user's, or the one that reads synchronisation tables.
struct QueryConfig {
  std::string name;                    ///< the label `query`
  std::vector<std::string> databases;  ///< globs for the label `database`
  std::string sql;
  std::chrono::milliseconds interval{60'000};
  std::chrono::milliseconds timeout{1'000};
  std::size_t max_rows = 100;
  std::vector<QueryMetric> metrics;  ///< at least one; none with `sync`
  std::optional<SyncWork> sync{};    ///< instead of `sql`

  bool operator==(const QueryConfig&) const = default;
};

struct SqlConfig {
  bool allow_rollback = false;
  std::size_t max_pinned_frames = 1'000;
  std::vector<QueryConfig> queries;

  bool operator==(const SqlConfig&) const = default;
};

}  // namespace sqlite_exporter
