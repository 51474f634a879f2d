/// Reads the configuration file: TOML by toml++, each key checked against the declared ones.
#include "exporter/config_toml.h"

#if __has_include(<toml++/toml.hpp>)
#include <toml++/toml.hpp>
#else
#include <toml++/toml.h>
#endif

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "exporter/config_keys.h"
#include "exporter/quoted.h"

namespace sqlite_exporter {
namespace {

/// Far above any real configuration: a wrong path such as a database ends here, not in memory.
constexpr std::size_t kMaxFileSize = 1U << 20U;

/// toml++ recurses once for each part of a dotted key, which cannot span lines: 60,000 parts were
/// too much for the stack.
constexpr std::size_t kMaxLineSize = 8192;

/// The number (from 1) of the first line that is too long, 0 if there is none.
std::size_t first_overlong_line(std::string_view text) {
  for (std::size_t number = 1, begin = 0; begin < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end - begin > kMaxLineSize) return number;
    begin = end + 1;
  }
  return 0;
}

using Entry = std::pair<const toml::key*, const toml::node*>;

/// toml++ sorts a table by key; a person reads the file from top to bottom.
std::vector<Entry> in_file_order(const toml::table& table) {
  std::vector<Entry> entries;
  for (const auto& [key, node] : table) entries.emplace_back(&key, &node);
  const auto position = [](const Entry& entry) {
    const toml::source_position begin = entry.first->source().begin;
    return std::pair(begin.line, begin.column);
  };
  std::ranges::sort(entries, {}, position);
  return entries;
}

std::string_view with_article(toml::node_type type) {
  switch (type) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a floating-point number";
    case toml::node_type::boolean: return "a boolean";
    default: return "a date or time";
  }
}

bool has_type(const toml::node& node, KeyType type) {
  switch (type) {
    case KeyType::string: return node.is_string();
    case KeyType::strings: return node.is_array();
    case KeyType::integer: return node.is_integer();
    case KeyType::boolean: return node.is_boolean();
    case KeyType::table: return node.is_table();
    case KeyType::tables: return node.is_array();
  }
  return false;
}

/// One pass over one document: what it finds goes into the draft, the first error ends it.
class DraftReader {
 public:
  DraftReader(const std::string& file, std::span<const std::string_view> collector_names)
      : file_(file), collector_names_(collector_names) {}

  Result<ConfigDraft> read(const toml::table& root) {
    draft_.where_databases = file_ + ":1:1: key \"database\"";
    for (const auto& [key, node] : in_file_order(root))
      if (auto done = read_top(*key, *node); !done) return fail(done.error());
    return std::move(draft_);
  }

 private:
  Result<void> read_top(const toml::key& key, const toml::node& node) {
    const std::string_view name = key.str();
    const auto tables = known_tables();
    if (std::ranges::find(tables, name) == tables.end())
      return refuse(key.source(), name, unknown_word(name, "tables", tables));
    if (name == "database") return read_each(node, name, &DraftReader::read_database);
    if (name == "query") return read_each(node, name, &DraftReader::read_query);
    if (!node.is_table()) return wrong_type(node, name, "a table, written " + table_header(name));
    const toml::table& table = *node.as_table();
    if (name == "collector") return read_collectors(table);
    if (name == "sync") return read_sync(table);
    return read_section(table, std::string(name));
  }

  /// An array of tables.
  Result<void> read_each(const toml::node& node, std::string_view name,
                         Result<void> (DraftReader::*read_one)(const toml::table&)) {
    const std::string expected = "an array of tables, written " + table_header(name);
    if (!node.is_array()) return wrong_type(node, name, expected);
    for (const toml::node& element : *node.as_array()) {
      if (!element.is_table()) return wrong_type(element, name, expected);
      if (auto done = (this->*read_one)(*element.as_table()); !done) return done;
    }
    return {};
  }

  Result<void> read_database(const toml::table& table) {
    if (auto checked = check_keys(table, "database", "database"); !checked) return checked;
    auto path = text(table, "database", "path");
    if (!path) return refuse(table.source(), "database.path", "is missing from this [[database]]");
    DatabaseDraft database{.path = std::move(*path),
                           .name = text(table, "database", "name"),
                           .labels = {},
                           .labels_from_path = text(table, "database", "labels_from_path")};
    if (const toml::table* labels = table["labels"].as_table()) {
      for (const auto& [key, node] : in_file_order(*labels)) {
        const std::string full = "database.labels." + std::string(key->str());
        if (!node->is_string()) return wrong_type(*node, full, "a string");
        database.labels.push_back(
            {.name = {std::string(key->str()), where(key->source(), full)},
             .value = {node->ref<std::string>(), where(node->source(), full)}});
      }
    }
    draft_.databases.push_back(std::move(database));
    return {};
  }

  Result<void> read_query(const toml::table& table) {
    const std::string name = "query";
    if (auto checked = check_keys(table, name, name); !checked) return checked;
    QueryDraft query{.where = where(table.source(), name),
                     .name = text(table, name, "name"),
                     .databases = texts(table, name, "databases"),
                     .sql = text(table, name, "sql"),
                     .interval = text(table, name, "interval"),
                     .timeout = text(table, name, "timeout"),
                     .max_rows = number(table, name, "max_rows"),
                     .metrics = {}};
    if (const toml::array* const metrics = table["metric"].as_array()) {
      for (const toml::node& element : *metrics) {
        auto metric = read_query_metric(*element.as_table());
        if (!metric) return fail(metric.error());
        query.metrics.push_back(std::move(*metric));
      }
    }
    draft_.queries.push_back(std::move(query));
    return {};
  }

  Result<QueryMetricDraft> read_query_metric(const toml::table& table) {
    const std::string name = "query.metric";
    if (auto checked = check_keys(table, name, name); !checked) return fail(checked.error());
    return QueryMetricDraft{.where = where(table.source(), name),
                            .name = text(table, name, "name"),
                            .help = text(table, name, "help"),
                            .type = text(table, name, "type"),
                            .labels = texts(table, name, "labels"),
                            .values = texts(table, name, "values"),
                            .value_label = text(table, name, "value_label")};
  }

  Result<void> read_sync(const toml::table& table) {
    const std::string name = "sync";
    if (auto checked = check_keys(table, name, name); !checked) return checked;
    SyncDraft sync{.where = where(table.source(), name),
                   .databases = texts(table, name, "databases"),
                   .interval = text(table, name, "interval"),
                   .timeout = text(table, name, "timeout"),
                   .max_rows = number(table, name, "max_rows"),
                   .max_pending = number(table, name, "max_pending"),
                   .layouts = {}};
    if (const toml::array* const layouts = table["layout"].as_array()) {
      for (const toml::node& element : *layouts) {
        auto layout = read_sync_layout(*element.as_table());
        if (!layout) return fail(layout.error());
        sync.layouts.push_back(std::move(*layout));
      }
    }
    draft_.sync = std::move(sync);
    return {};
  }

  Result<SyncLayoutDraft> read_sync_layout(const toml::table& table) {
    const std::string name = "sync.layout";
    if (auto checked = check_keys(table, name, name); !checked) return fail(checked.error());
    return SyncLayoutDraft{.where = where(table.source(), name),
                           .table = text(table, name, "table"),
                           .table_column = text(table, name, "table_column"),
                           .peer_column = text(table, name, "peer_column"),
                           .time_column = text(table, name, "time_column"),
                           .state_column = text(table, name, "state_column")};
  }

  Result<void> read_collectors(const toml::table& collectors) {
    for (const auto& [key, node] : in_file_order(collectors)) {
      const std::string name(key->str());
      const std::string full = "collector." + name;
      if (std::ranges::find(collector_names_, name) == collector_names_.end())
        return refuse(key->source(), full, unknown_word(name, "collectors", collector_names_));
      if (!node->is_table())
        return wrong_type(*node, full, "a table, written " + table_header(full));
      const toml::table& table = *node->as_table();
      if (auto checked = check_keys(table, kCollectorTable, full); !checked) return checked;
      if (const auto enabled = table["enabled"].value<bool>())
        draft_.collector_enabled[name] = *enabled;
    }
    return {};
  }

  Result<void> read_section(const toml::table& table, const std::string& name) {
    if (auto checked = check_keys(table, name, name); !checked) return checked;
    if (name == "discovery") {
      draft_.discovery_processes = table["processes"].value<bool>();
      draft_.discovery_exclude = texts(table, name, "exclude");
      draft_.discovery_exclude_states = texts(table, name, "exclude_states");
      draft_.discovery_rescan_interval = text(table, name, "rescan_interval");
      draft_.discovery_max_depth = number(table, name, "max_depth");
      draft_.discovery_max_entries = number(table, name, "max_entries");
      draft_.discovery_max_duration = text(table, name, "max_duration");
    } else if (name == "poll") {
      draft_.poll_interval = text(table, name, "interval");
      draft_.poll_max_databases = number(table, name, "max_databases");
      draft_.poll_cpu_budget = text(table, name, "cpu_budget");
    } else if (name == "web") {
      draft_.web_listen_address = text(table, name, "listen_address");
    } else if (name == "log") {
      draft_.log_level = text(table, name, "level");
      draft_.log_format = text(table, name, "format");
    } else if (name == "sql") {
      draft_.sql_allow_rollback = table["allow_rollback"].value<bool>();
      draft_.sql_max_pinned_frames = number(table, name, "max_pinned_frames");
    }
    return {};
  }

  /// After it, each value that is there has its declared type. `full` is the table's real name.
  Result<void> check_keys(const toml::table& table, std::string_view declared_table,
                          const std::string& full) {
    for (const auto& [key, node] : in_file_order(table)) {
      const std::string path = full + "." + std::string(key->str());
      const ConfigKey* const known = find_key(declared_table, key->str());
      if (known == nullptr)
        return refuse(
            key->source(), path,
            unknown_word(key->str(), "keys of " + table_header(full), keys_of(declared_table)));
      if (!has_type(*node, known->type)) return wrong_type(*node, path, known->expected);
      if (known->type != KeyType::strings && known->type != KeyType::tables) continue;
      for (const toml::node& element : *node->as_array())
        if (known->type == KeyType::strings ? !element.is_string() : !element.is_table())
          return wrong_type(element, path, known->expected);
    }
    return {};
  }

  std::optional<Written<std::string>> text(const toml::table& table, const std::string& name,
                                           std::string_view key) const {
    const toml::node* const node = table.get(key);
    if (node == nullptr) return std::nullopt;
    return Written<std::string>{node->ref<std::string>(),
                                where(node->source(), name + "." + std::string(key))};
  }

  /// Each with its own place.
  std::vector<Written<std::string>> texts(const toml::table& table, const std::string& name,
                                          std::string_view key) const {
    std::vector<Written<std::string>> all;
    if (const toml::array* const array = table[key].as_array())
      for (const toml::node& element : *array)
        all.push_back(
            {element.ref<std::string>(), where(element.source(), name + "." + std::string(key))});
    return all;
  }

  std::optional<Written<std::int64_t>> number(const toml::table& table, const std::string& name,
                                              std::string_view key) const {
    const toml::node* const node = table.get(key);
    if (node == nullptr) return std::nullopt;
    return Written<std::int64_t>{node->ref<std::int64_t>(),
                                 where(node->source(), name + "." + std::string(key))};
  }

  std::string where(const toml::source_region& source, std::string_view key) const {
    return file_ + ":" + std::to_string(source.begin.line) + ":" +
           std::to_string(source.begin.column) + ": key " + in_quotes(key);
  }

  tl::unexpected<Error> refuse(const toml::source_region& source, std::string_view key,
                               const std::string& what) const {
    return fail(Errc::config, where(source, key) + " " + what);
  }

  tl::unexpected<Error> wrong_type(const toml::node& node, std::string_view key,
                                   std::string_view expected) const {
    return refuse(node.source(), key,
                  std::string("must be ")
                      .append(expected)
                      .append(", not ")
                      .append(with_article(node.type())));
  }

  const std::string& file_;
  std::span<const std::string_view> collector_names_;
  ConfigDraft draft_;
};

}  // namespace

Result<ConfigDraft> parse_config_toml(std::string_view text, const std::string& file,
                                      std::span<const std::string_view> collector_names) {
  if (const std::size_t line = first_overlong_line(text); line > 0) {
    return fail(Errc::config, file + ":" + std::to_string(line) + ":1: the line is longer than " +
                                  std::to_string(kMaxLineSize) + " bytes");
  }
  try {
    const toml::table root = toml::parse(text);
    return DraftReader(file, collector_names).read(root);
  } catch (const toml::parse_error& error) {
    std::string description(error.description());
    std::ranges::replace(description, '\n', ' ');
    const toml::source_position at = error.source().begin;
    return fail(Errc::config, file + ":" + std::to_string(at.line) + ":" +
                                  std::to_string(at.column) + ": not TOML: " + description);
  }
}

Result<ConfigDraft> read_config_file(const std::string& path,
                                     std::span<const std::string_view> collector_names) {
  const auto cannot_read = [&path](const std::string& why) {
    return fail(Errc::config, path + " cannot be read: " + why);
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                             &std::fclose);
  if (!file) return cannot_read(std::generic_category().message(errno));
  std::string text(kMaxFileSize + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) return cannot_read(std::generic_category().message(errno));
  if (text.size() > kMaxFileSize) return cannot_read("it is larger than 1 MiB");
  return parse_config_toml(text, path, collector_names);
}

}  // namespace sqlite_exporter
