/// What a runbook says to look at, as it is on this node now.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/runbooks/runbooks.h"
#include "exporter/snapshot.h"

namespace sqlite_exporter {

struct LiveValue {
  std::string database;  ///< its label; "" for what belongs to the node
  std::string labels;    ///< the other ones, as they are served, without those that say nothing
  std::string_view metric;
  double value = 0;
};

/// In the order of `wanted`, within each the worst first: the oldest time, the least room, the
/// largest of all else. Of one database, and of the node, if `database` is given. A database's
/// counters are left out: they begin with the process that counts.
std::vector<LiveValue> live_values(const Snapshot& snapshot, std::span<const RunbookValue> wanted,
                                   const std::optional<std::string>& database);

/// The label's value in the first reading of that metric of that database.
std::optional<std::string> label_of_database(const Snapshot& snapshot, std::string_view database,
                                             std::string_view metric, std::string_view label);

/// True for what no look gives: numbers of SQL and of the daemon itself.
bool is_told_by_daemon(const RunbookValue& value);

/// "38.2 s", "13.0 MiB", "2026-11-22 01:00:00 UTC, 3 min 20 s ago" by the unit in the metric's
/// name.
std::string value_in_words(const LiveValue& value, double unix_now);

}  // namespace sqlite_exporter
