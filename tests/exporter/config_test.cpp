/// Validation of what the user wrote: each refusal by its exact sentence.
#include "exporter/config.h"

#include <array>

#include "exporter/config_draft.h"
#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 2> kReserved = {"journal_mode", "state"};

DatabaseDraft database(const std::string& path) {
  return {.path = {path, "PATH"}, .name = {}, .labels = {}};
}

ConfigDraft draft_of(const std::string& path) {
  ConfigDraft draft;
  draft.databases.push_back(database(path));
  return draft;
}

std::string error_of(const ConfigDraft& draft) {
  const Result<Config> config = make_config(draft, kReserved);
  if (config) return "no error";
  CHECK(config.error().code == Errc::config);
  return config.error().message;
}

std::string error_with_interval(const std::string& text) {
  ConfigDraft draft = draft_of("/a.db");
  draft.poll_interval = {text, "INTERVAL"};
  return error_of(draft);
}

std::string error_with_max_databases(std::int64_t count) {
  ConfigDraft draft = draft_of("/a.db");
  draft.poll_max_databases = {count, "COUNT"};
  return error_of(draft);
}

std::string error_with_cpu_budget(const std::string& text) {
  ConfigDraft draft = draft_of("/a.db");
  draft.poll_cpu_budget = {text, "BUDGET"};
  return error_of(draft);
}

std::string error_with_label(const std::string& name, const std::string& value) {
  ConfigDraft draft = draft_of("/a.db");
  draft.databases[0].labels.push_back({{name, "LABEL"}, {value, "VALUE"}});
  return error_of(draft);
}

std::string error_with_name(const std::string& path, const std::string& name) {
  ConfigDraft draft = draft_of(path);
  draft.databases[0].name = {name, "NAME"};
  return error_of(draft);
}

TEST_CASE("what is not written has its default") {
  const Config config = make_config(draft_of("/a.db"), kReserved).value();
  CHECK(config.databases() == std::vector<DatabaseConfig>{{"/a.db", std::nullopt, {}}});
  CHECK(config.poll().interval == 5s);
  CHECK(config.poll().max_databases == 1000);
  CHECK(config.poll().cpu_budget == 0.01);
  CHECK(config.web().listen_address == ":10003");
  CHECK(config.log().level == LogLevel::info);
  CHECK(config.log().format == LogFormat::logfmt);
  CHECK(config.collector_enabled("wal"));
}

TEST_CASE("what is written is kept") {
  ConfigDraft draft = draft_of("/a.db");
  draft.databases[0].name = {"main", "NAME"};
  draft.databases[0].labels.push_back({{"site", "LABEL"}, {"x", "VALUE"}});
  draft.databases.push_back(database("/data/*.db"));
  draft.poll_interval = {"1m", "INTERVAL"};
  draft.poll_max_databases = {7, "COUNT"};
  draft.poll_cpu_budget = {"0.5%", "BUDGET"};
  draft.web_listen_address = {"127.0.0.1:0", "ADDRESS"};
  draft.log_level = {"error", "LEVEL"};
  draft.log_format = {"json", "FORMAT"};
  draft.collector_enabled = {{"database", true}, {"wal", false}};
  const Config config = make_config(draft, kReserved).value();
  CHECK(config.databases() == std::vector<DatabaseConfig>{{"/a.db", "main", {{"site", "x"}}},
                                                          {"/data/*.db", std::nullopt, {}}});
  CHECK(config.poll() == PollConfig{1min, 7, 0.005});
  CHECK(config.web() == WebConfig{"127.0.0.1:0"});
  CHECK(config.log() == LogConfig{LogLevel::error, LogFormat::json});
  CHECK(config.collector_enabled("database"));
  CHECK_FALSE(config.collector_enabled("wal"));
}

TEST_CASE("something must be watched") {
  ConfigDraft draft;
  draft.where_databases = "x.toml:1:1: key \"database\"";
  CHECK(error_of(draft) ==
        "x.toml:1:1: key \"database\" is missing, so there is nothing to watch: "
        "add a [[database]] with a path, or processes = true in [discovery]");
  draft.discovery_processes = false;
  CHECK(error_of(draft).starts_with("x.toml:1:1: key"));
  draft.discovery_processes = true;
  CHECK(error_of(draft) == "no error");
}

TEST_CASE("a path is absolute") {
  CHECK(error_of(draft_of("")) == "PATH must not be empty");
  CHECK(error_of(draft_of("a.db")) ==
        "PATH must be an absolute path of a file, a folder that ends with \"/\", or a glob, not "
        "\"a.db\"");
  CHECK(error_of(draft_of("/data/")) == "no error");
  CHECK(error_of(draft_of("/a\nb.db")) ==
        "PATH must not contain control characters: \"/a\\x0ab.db\"");
}

TEST_CASE("a pattern goes down only") {
  for (const std::string path : {"/data/*/../x.db", "/data/*/..", "/*/x/../"})
    CHECK(error_of(draft_of(path)) == "PATH must not hold \"..\" behind a glob: \"" + path + "\"");
  for (const std::string path :
       {"/data/../*.db", "/data/../", "/data/..", "/data/*/..x", "/*/x../y"})
    CHECK(error_of(draft_of(path)) == "no error");
}

TEST_CASE("a name is a text of one database") {
  CHECK(error_with_name("/a.db", "") == "NAME must not be empty");
  CHECK(error_with_name("/a.db", "a\tb") ==
        "NAME must not contain control characters: \"a\\x09b\"");
  CHECK(error_with_name("/*.db", "a") ==
        "NAME must be left out: the path \"/*.db\" is a glob, whose databases are named by their "
        "paths");
  CHECK(
      error_with_name("/data/", "a") ==
      "NAME must be left out: the path \"/data/\" is a folder, whose databases are named by their "
      "paths");
  CHECK(error_with_name("/a.db", "größe") == "no error");
}

TEST_CASE("no two databases have one name") {
  ConfigDraft derived = draft_of("/x/app.db");
  derived.databases.push_back(database("/y/app.sqlite"));
  CHECK(error_of(derived) ==
        "PATH derives the name \"app\", which \"/x/app.db\" has already; "
        "set \"name\" in its [[database]]");

  ConfigDraft explicitly = draft_of("/x/app.db");
  explicitly.databases.push_back(database("/y/edge.db"));
  explicitly.databases[1].name = {"app", "NAME"};
  CHECK(error_of(explicitly) ==
        "NAME must be unique, \"app\" is already the name of \"/x/app.db\"");
  explicitly.databases[0].name = {"other", "NAME"};
  CHECK(error_of(explicitly) == "no error");

  ConfigDraft twice = draft_of("/x/*.db");
  twice.databases.push_back(database("/x/*.db"));
  CHECK(error_of(twice) == "PATH must be unique, \"/x/*.db\" is there already");
}

TEST_CASE("a label is nobody else's") {
  constexpr const char* kNotAName =
      "LABEL must be a label name: letters, digits and underscores, with neither a digit nor two "
      "underscores in front";
  for (const char* name : {"", "a-b", "1a", "__a", "größe", "a b"})
    CHECK(error_with_label(name, "x") == kNotAName);
  for (const char* name : {"database", "job", "instance", "le", "quantile"})
    CHECK(error_with_label(name, "x") ==
          "LABEL is refused: Prometheus or this exporter sets that label");
  for (const char* name : {"state", "journal_mode"})
    CHECK(error_with_label(name, "x") ==
          "LABEL is refused: a metric of this exporter has that label");
  CHECK(error_with_label("site", "") == "VALUE must not be empty");
  CHECK(error_with_label("site", "a\rb") ==
        "VALUE must not contain control characters: \"a\\x0db\"");
  CHECK(error_with_label("site", "Zürich \"1\"") == "no error");
}

TEST_CASE("an interval is possible") {
  CHECK(error_with_interval("100ms") == "no error");
  CHECK(error_with_interval("1h") == "no error");
  for (const std::string text : {"99ms", "3600001ms", "2h", "0s", "5", "", "-5s"})
    CHECK(error_with_interval(text) ==
          "INTERVAL must be a duration from 100ms to 1h such as \"5s\", not \"" + text + "\"");
}

TEST_CASE("a limit of databases is possible") {
  CHECK(error_with_max_databases(1) == "no error");
  CHECK(error_with_max_databases(100'000) == "no error");
  for (const std::int64_t count : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{100'001}})
    CHECK(error_with_max_databases(count) ==
          "COUNT must be an integer from 1 to 100000, not " + std::to_string(count));
}

TEST_CASE("the CPU budget has its limits") {
  for (const std::string text : {"0.1%", "1%", "2.5%", "100%"})
    CHECK(error_with_cpu_budget(text) == "no error");
  for (const std::string text : {"0%", "0.09%", "100.1%", "1", "-1%", "much"})
    CHECK(error_with_cpu_budget(text) ==
          "BUDGET must be a percentage from 0.1% to 100% such as \"1%\", not \"" + text + "\"");
}

TEST_CASE("an address has a port") {
  ConfigDraft draft = draft_of("/a.db");
  for (const std::string text :
       {"", "10003", "localhost", "localhost:", ":65536", ":http", "[::1]:1"}) {
    draft.web_listen_address = {text, "ADDRESS"};
    CHECK(error_of(draft) == "ADDRESS must be \"HOST:PORT\" or \":PORT\", not \"" + text + "\"");
  }
}

TEST_CASE("a level and a format are known") {
  ConfigDraft draft = draft_of("/a.db");
  draft.log_format = {"xml", "FORMAT"};
  CHECK(error_of(draft) == "FORMAT must be \"logfmt\" or \"json\", not \"xml\"");
  draft.log_level = {"INFO", "LEVEL"};
  CHECK(error_of(draft) ==
        "LEVEL must be \"debug\", \"info\", \"warn\" or \"error\", not \"INFO\"");
}

}  // namespace
}  // namespace sqlite_exporter
