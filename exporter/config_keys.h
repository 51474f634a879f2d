/// The keys of the configuration file as data: what is accepted and what `describe` prints.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sqlite_exporter {

enum class KeyType : std::uint8_t { string, integer, boolean, table };

constexpr std::string_view to_string(KeyType type) {
  switch (type) {
    case KeyType::string: return "string";
    case KeyType::integer: return "integer";
    case KeyType::boolean: return "boolean";
    case KeyType::table: return "table";
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

inline constexpr std::array<ConfigKey, 9> kConfigKeys = {{
    {"database", "path", KeyType::string, "an absolute path of a file, or a glob", "",
     "The database to watch, or a glob of `*`, `?` and `[...]` for many; required. A file that "
     "does not exist yet is watched for."},
    {"database", "name", KeyType::string, "a name", "",
     "Value of the label `database`; without it the path below the first directory with a glob "
     "character, without extension. Only for a path without a glob."},
    {"database", "labels", KeyType::table, "a table of strings", "{}",
     "Labels added to every sample of these databases."},
    {"poll", "interval", KeyType::string, "a duration from 100ms to 1h such as \"5s\"", "\"5s\"",
     "How often everything about a database is read anew."},
    {"poll", "max_databases", KeyType::integer, "an integer from 1 to 100000", "1000",
     "How many databases are watched at most; the rest is counted in a metric."},
    {"web", "listen_address", KeyType::string, "\"HOST:PORT\" or \":PORT\"", "\":10003\"",
     "Where metrics are served; without a host, on every interface."},
    {"log", "level", KeyType::string, "\"debug\", \"info\", \"warn\" or \"error\"", "\"info\"",
     "The least severe events that are logged."},
    {"log", "format", KeyType::string, "\"logfmt\" or \"json\"", "\"logfmt\"",
     "How a line of the log is written."},
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
