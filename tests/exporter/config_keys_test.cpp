/// The declared keys against the loader: each is accepted, each default is the one in force.
#include "exporter/config_keys.h"

#include <array>
#include <map>

#include "exporter/config.h"
#include "exporter/config_toml.h"
#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

constexpr std::array<std::string_view, 2> kCollectors = {"database", "wal"};

Result<Config> load(const std::string& text) {
  const auto draft = parse_config_toml(text, "x.toml", kCollectors);
  if (!draft) return fail(draft.error());
  return make_config(*draft, {});
}

using Lines = std::map<std::string_view, std::string>;

std::string text_of(const Lines& lines) {
  std::string text;
  for (const auto& [key, value] : lines) text.append(key).append(" = ").append(value) += '\n';
  return text;
}

/// A query with this key, and what else is required.
std::string query_document(const ConfigKey& key, const std::string& value) {
  Lines query = {{"name", "\"a\""}, {"databases", "[\"*\"]"}, {"sql", "\"SELECT 1 AS v\""}};
  Lines metric = {{"name", "\"shop_a\""}, {"help", "\"A.\""}, {"values", "[\"v\"]"}};
  (key.table == "query" ? query : metric)[key.key] = value;
  const std::string text = "[[query]]\n" + text_of(query);
  return key.key == "metric" ? text : text + "[[query.metric]]\n" + text_of(metric);
}

/// The same of `[sync]`.
std::string sync_document(const ConfigKey& key, const std::string& value) {
  Lines sync = {{"databases", "[\"*\"]"}};
  Lines layout = {{"table", "\"t\""}, {"time_column", "\"at\""}};
  (key.table == "sync" ? sync : layout)[key.key] = value;
  const std::string text = "[sync]\n" + text_of(sync);
  return key.table == "sync" ? text : text + "[[sync.layout]]\n" + text_of(layout);
}

/// The document that sets `key` to `value` and nothing else but what is required.
std::string document(const ConfigKey& key, const std::string& value) {
  const std::string line = std::string(key.key) + " = " + value + "\n";
  const std::string required = "[[database]]\npath = \"/app.db\"\n";
  if (key.table.starts_with("query")) return required + query_document(key, value);
  if (key.table.starts_with("sync")) return required + sync_document(key, value);
  if (key.table != "database")
    return required + (key.table == kCollectorTable ? "[collector.wal]" : table_header(key.table)) +
           "\n" + line;
  return key.key == "path" ? "[[database]]\n" + line : required + line;
}

TEST_CASE("each declared key is accepted and each declared default is in force") {
  const Lines without_default = {{"path", "\"/app.db\""},
                                 {"name", "\"app\""},
                                 {"labels_from_path", "'(?P<claim>.)'"},
                                 {"databases", "[\"a\", \"b*\"]"},
                                 {"sql", "\"SELECT 1\""},
                                 {"metric", R"([{name = "a", help = "A.", values = ["v"]}])"},
                                 {"help", "\"A.\""},
                                 {"values", "[\"n\"]"},
                                 {"value_label", "\"what\""},
                                 {"table", "\"t\""},
                                 {"table_column", "\"name\""},
                                 {"peer_column", "\"peer\""},
                                 {"time_column", "\"at\""},
                                 {"state_column", "\"state\""}};
  const std::string required = "[[database]]\npath = \"/app.db\"\n";
  const Config plain = load(required).value();
  const ConfigKey query_name = declared("query", "name");
  const Config with_query = load(required + query_document(query_name, "\"a\"")).value();
  const Config with_sync = load(required + "[sync]\ndatabases = [\"*\"]\n").value();
  for (const ConfigKey& key : kConfigKeys) {
    const bool has_default = !key.default_text.empty();
    const std::string text =
        document(key, has_default ? std::string(key.default_text) : without_default.at(key.key));
    CAPTURE(text);
    const Result<Config> config = load(text);
    REQUIRE(config);
    if (!has_default) continue;
    if (key.table == "sync") {
      CHECK(*config == with_sync);
    } else {
      CHECK(*config == (key.table.starts_with("query") ? with_query : plain));
    }
  }
}

TEST_CASE("each declared key has a type that is checked") {
  for (const ConfigKey& key : kConfigKeys) {
    const Result<Config> config = load(document(key, "1.5"));
    CAPTURE(key.table, key.key);
    REQUIRE_FALSE(config);
    CHECK(config.error().message.ends_with(
        std::string("must be ").append(key.expected).append(", not a floating-point number")));
  }
}

TEST_CASE("the texts of the declarations are printable ASCII and sentences") {
  for (const ConfigKey& key : kConfigKeys) {
    CAPTURE(key.table, key.key);
    CHECK(key.help.ends_with('.'));
    for (const std::string_view text : {key.help, key.expected, key.default_text})
      for (const char c : text) CHECK((c >= ' ' && c <= '~'));
  }
}

TEST_CASE("keys are found by table and name") {
  REQUIRE(find_key("poll", "interval") != nullptr);
  CHECK(find_key("poll", "interval")->default_text == "\"5s\"");
  CHECK(find_key("poll", "level") == nullptr);
  CHECK(find_key("", "") == nullptr);
  CHECK(known_tables() == std::vector<std::string_view>{"database", "discovery", "poll", "web",
                                                        "log", "sql", "query", "sync",
                                                        "collector"});
  CHECK(keys_of("log") == std::vector<std::string_view>{"level", "format"});
}

TEST_CASE("an unknown word is answered with the known ones and the one that was meant") {
  const std::vector<std::string_view> known = {"interval", "max_databases"};
  CHECK(unknown_word("intervall", "keys", known) ==
        "is unknown, perhaps \"interval\" was meant; known keys are interval, max_databases");
  CHECK(unknown_word("iterval", "keys", known) ==
        "is unknown, perhaps \"interval\" was meant; known keys are interval, max_databases");
  CHECK(unknown_word("period", "keys", known) ==
        "is unknown; known keys are interval, max_databases");
  CHECK(unknown_word("", "keys", known) == "is unknown; known keys are interval, max_databases");
}

}  // namespace
}  // namespace sqlite_exporter
