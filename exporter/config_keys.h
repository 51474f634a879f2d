/// The keys of the configuration file as data: what is accepted and what `describe` prints.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sqlite_exporter {

enum class KeyType : std::uint8_t { string, strings, integer, boolean, table, tables };

constexpr std::string_view to_string(KeyType type) {
  switch (type) {
    case KeyType::string: return "string";
    case KeyType::strings: return "array of strings";
    case KeyType::integer: return "integer";
    case KeyType::boolean: return "boolean";
    case KeyType::table: return "table";
    case KeyType::tables: return "array of tables";
  }
  return "unknown";
}

struct ConfigKey {
  std::string_view table;
  std::string_view key;
  KeyType type;
  std::string_view expected;      ///< completes the sentence "must be ..."
  std::string_view default_text;  ///< as TOML spells it, "" if there is none
  std::string_view help;          ///< one sentence
};

/// Stands for the table of each collector.
inline constexpr std::string_view kCollectorTable = "collector.NAME";

inline constexpr std::array<ConfigKey, 44> kConfigKeys = {{
    {"database", "path", KeyType::string,
     "an absolute path of a file, a folder that ends with \"/\", or a glob", "",
     "The database to watch, or for many a folder or a glob of `*`, `?`, `[...]` and, for any "
     "number of folders, `**`; required. In folders and globs databases are told by their first "
     "bytes, an encrypted one also by its -wal, -journal or locks; names that begin with a dot are "
     "passed over. A single file that does not exist "
     "yet is watched for. Of several tables that mean one file, that which names it counts, else "
     "the first."},
    {"database", "name", KeyType::string, "a name", "",
     "Value of the label `database`; without it the path below the folder, or below the last "
     "folder before a glob character, without extension. Only for a single file."},
    {"database", "labels", KeyType::table, "a table of strings", "{}",
     "Labels added to every sample of these databases."},
    {"database", "labels_from_path", KeyType::string, "a regular expression", "",
     "In the syntax of RE2: each named group, `(?P<claim>[^/]+)`, that matches some of a "
     "database's real path is a label of it. It need not match the whole path. Names that "
     "Prometheus gives its targets, such as `namespace` and `pod`, are refused."},
    {"discovery", "processes", KeyType::boolean, "true or false", "false",
     "Whether databases that processes of this node hold open are watched, too; then no "
     "[[database]] is needed."},
    {"discovery", "exclude", KeyType::strings, "an array of globs", "[]",
     "Files and folders that are passed over in folders and globs and with processes; `*` matches "
     "slashes, too: `*/cache/*`."},
    {"discovery", "exclude_states", KeyType::strings, "an array of states", "[]",
     "States such as `empty` or `encrypted` in which a database in a folder, a glob or of a "
     "process is not watched."},
    {"discovery", "rescan_interval", KeyType::string, "a duration from 1s to 24h such as \"1m\"",
     "\"1m\"",
     "How often folders and globs are walked anew, less often where that would cost more than half "
     "of `cpu_budget`; on local filesystems new files are seen with the next `interval` besides."},
    {"discovery", "max_depth", KeyType::integer, "an integer from 1 to 64", "16",
     "How many folders below a folder or the fixed part of a glob a walk goes down."},
    {"discovery", "max_entries", KeyType::integer, "an integer from 1 to 10000000", "100000",
     "How many names a walk reads; with processes, how many descriptors."},
    {"discovery", "max_duration", KeyType::string, "a duration from 100ms to 10m such as \"10s\"",
     "\"10s\"", "How long a walk takes, and as long again to look at the files it found."},
    {"poll", "interval", KeyType::string, "a duration from 100ms to 1h such as \"5s\"", "\"5s\"",
     "How often everything about a database is read anew."},
    {"poll", "max_databases", KeyType::integer, "an integer from 1 to 100000", "1000",
     "How many databases are watched at most: first those that are named, in use or watched "
     "already, then by name; the rest is counted in a metric."},
    {"poll", "cpu_budget", KeyType::string, "a percentage from 0.1% to 100% such as \"1%\"",
     "\"1%\"",
     "CPU time of one core that samples, full looks and walks through folders may use; over it, "
     "samples are taken less often. Scrapes are not counted."},
    {"web", "listen_address", KeyType::string, "\"HOST:PORT\" or \":PORT\"", "\":10003\"",
     "Where metrics are served; without a host, on every interface."},
    {"log", "level", KeyType::string, "\"debug\", \"info\", \"warn\" or \"error\"", "\"info\"",
     "The least severe events that are logged."},
    {"log", "format", KeyType::string, "\"logfmt\" or \"json\"", "\"logfmt\"",
     "How a line of the log is written."},
    {"sql", "allow_rollback", KeyType::boolean, "true or false", "false",
     "Whether queries read databases in rollback mode, too: without a lock, so that no writer "
     "waits, and with a result only if nobody wrote meanwhile."},
    {"sql", "max_pinned_frames", KeyType::integer, "an integer from 1 to 1000000", "1000",
     "In WAL mode a statement ends once the application has written so many frames that no "
     "checkpoint can move because of it."},
    {"query", "name", KeyType::string, "a name", "",
     "Value of the label `query` of what is told about the query itself; required."},
    {"query", "databases", KeyType::strings, "an array of globs", "",
     "Which databases it reads, by their label `database`; `*` matches slashes, too. Required."},
    {"query", "sql", KeyType::string, "one SELECT", "",
     "It reads; whatever would write, attach or change a setting is refused. Required."},
    {"query", "interval", KeyType::string, "a duration from 1s to 24h such as \"1m\"", "\"1m\"",
     "How often it runs on each database."},
    {"query", "timeout", KeyType::string, "a duration from 10ms to 1m such as \"1s\"", "\"1s\"",
     "How long it may take on one database; then it is stopped and has no result."},
    {"query", "max_rows", KeyType::integer, "an integer from 1 to 10000", "100",
     "With more rows it has no result."},
    {"query", "metric", KeyType::tables, "an array of tables, written [[query.metric]]", "",
     "What its rows become; at least one."},
    {"query.metric", "name", KeyType::string, "a metric's name", "",
     "The name of the family, by Prometheus's rules for names; `sqlite_` is this exporter's. "
     "Required."},
    {"query.metric", "help", KeyType::string, "a text", "", "Its HELP; required."},
    {"query.metric", "type", KeyType::string, "\"counter\" or \"gauge\"", "\"gauge\"",
     "Its TYPE; a counter's name ends in `_total`, and nothing else's."},
    {"query.metric", "labels", KeyType::strings, "an array of column names", "[]",
     "Columns whose text is a label of the same name, beside `database`; NULL is no label."},
    {"query.metric", "values", KeyType::strings, "an array of column names", "",
     "Columns with numbers, each a sample of every row; NULL is no sample. Required."},
    {"query.metric", "value_label", KeyType::string, "a label's name", "",
     "A label that says which of several `values` a sample is."},
    {"sync", "databases", KeyType::strings, "an array of globs", "",
     "In which databases tables are looked for that say how far the application is synchronised, "
     "by their label `database`; `*` matches slashes, too. Required."},
    {"sync", "interval", KeyType::string, "a duration from 1s to 24h such as \"1m\"", "\"1m\"",
     "How often they are read."},
    {"sync", "timeout", KeyType::string, "a duration from 10ms to 1m such as \"1s\"", "\"1s\"",
     "How long that may take on one database; each table has its share, and what takes longer is "
     "left out."},
    {"sync", "max_rows", KeyType::integer, "an integer from 1 to 10000", "1000",
     "How many tables and peers are told at most."},
    {"sync", "max_pending", KeyType::integer, "an integer from 1 to 1000000", "10000",
     "How far rows that wait are counted."},
    {"sync", "layout", KeyType::tables, "an array of tables, written [[sync.layout]]", "[]",
     "Tables beside `sync_status` and `cluster_sync`, which are known."},
    {"sync.layout", "table", KeyType::string, "a table's name", "",
     "The table or view; a database that has none of that name is passed over. Required."},
    {"sync.layout", "table_column", KeyType::string, "a column's name", "",
     "The column with the name of the table that a row is about."},
    {"sync.layout", "peer_column", KeyType::string, "a column's name", "",
     "The column that says with whom it is synchronised."},
    {"sync.layout", "time_column", KeyType::string, "a column's name", "",
     "The column with the time of the last success: seconds, milliseconds, or a text as "
     "`2026-11-21 08:30:00`, in UTC if it names no zone. Required."},
    {"sync.layout", "state_column", KeyType::string, "a column's name", "",
     "The column with the state."},
    {kCollectorTable, "enabled", KeyType::boolean, "true or false", "true",
     "Whether the collector NAME looks at the databases."},
}};

/// The declared key; a name that is not declared does not compile.
consteval const ConfigKey& declared(std::string_view table, std::string_view key) {
  for (const ConfigKey& candidate : kConfigKeys)
    if (candidate.table == table && candidate.key == key) return candidate;
  throw "this key is not in kConfigKeys";
}

/// As the file spells it: `[poll]`, `[[database]]`.
std::string table_header(std::string_view table);

/// nullptr if there is none.
const ConfigKey* find_key(std::string_view table, std::string_view key);

std::vector<std::string_view> keys_of(std::string_view table);

/// The tables at the top of the file, in the order of declaration.
std::vector<std::string_view> known_tables();

/// `is unknown, perhaps "interval" was meant; known keys of [poll] are interval, max_databases`.
std::string unknown_word(std::string_view word, std::string_view kind,
                         std::span<const std::string_view> known);

}  // namespace sqlite_exporter
