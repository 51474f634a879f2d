/// What the user wrote, from the file and the command line, before anything of it is believed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sqlite_exporter {

/// A value, and where it was written: the subject of the sentence that refuses it, such as
/// `/etc/x.toml:7:12: key "poll.interval"` or `--poll.interval`.
template <class T>
struct Written {
  T value;
  std::string where;
};

struct LabelDraft {
  Written<std::string> name;
  Written<std::string> value;
};

struct DatabaseDraft {
  Written<std::string> path;
  std::optional<Written<std::string>> name;
  std::vector<LabelDraft> labels;
  std::optional<Written<std::string>> labels_from_path{};
};

/// What the user wrote of one `[[query.metric]]`.
struct QueryMetricDraft {
  std::string where;  ///< the table itself
  std::optional<Written<std::string>> name;
  std::optional<Written<std::string>> help;
  std::optional<Written<std::string>> type;
  std::vector<Written<std::string>> labels;
  std::vector<Written<std::string>> values;
  std::optional<Written<std::string>> value_label;
};

struct QueryDraft {
  std::string where;  ///< the table itself
  std::optional<Written<std::string>> name;
  std::vector<Written<std::string>> databases;
  std::optional<Written<std::string>> sql;
  std::optional<Written<std::string>> interval;
  std::optional<Written<std::string>> timeout;
  std::optional<Written<std::int64_t>> max_rows;
  std::vector<QueryMetricDraft> metrics;
};

/// What the user wrote of one `[[sync.layout]]`.
struct SyncLayoutDraft {
  std::string where;  ///< the table itself
  std::optional<Written<std::string>> table;
  std::optional<Written<std::string>> table_column;
  std::optional<Written<std::string>> peer_column;
  std::optional<Written<std::string>> time_column;
  std::optional<Written<std::string>> state_column;
};

struct SyncDraft {
  std::string where;  ///< the table itself
  std::vector<Written<std::string>> databases;
  std::optional<Written<std::string>> interval;
  std::optional<Written<std::string>> timeout;
  std::optional<Written<std::int64_t>> max_rows;
  std::optional<Written<std::int64_t>> max_pending;
  std::vector<SyncLayoutDraft> layouts;
};

struct ConfigDraft {
  std::string where_databases = "FILE";  ///< the subject if there is not one database
  std::vector<DatabaseDraft> databases;
  std::optional<bool> discovery_processes;
  std::vector<Written<std::string>> discovery_exclude;
  std::vector<Written<std::string>> discovery_exclude_states;
  std::optional<Written<std::string>> discovery_rescan_interval;
  std::optional<Written<std::int64_t>> discovery_max_depth;
  std::optional<Written<std::int64_t>> discovery_max_entries;
  std::optional<Written<std::string>> discovery_max_duration;
  std::optional<Written<std::string>> poll_interval;
  std::optional<Written<std::int64_t>> poll_max_databases;
  std::optional<Written<std::string>> poll_cpu_budget;
  std::optional<Written<std::string>> web_listen_address;
  std::optional<Written<std::string>> log_level;
  std::optional<Written<std::string>> log_format;
  std::optional<bool> sql_allow_rollback;
  std::optional<Written<std::int64_t>> sql_max_pinned_frames;
  std::vector<QueryDraft> queries;
  std::optional<SyncDraft> sync;
  std::map<std::string, bool, std::less<>> collector_enabled;  ///< known names only
};

}  // namespace sqlite_exporter
