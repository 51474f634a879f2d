/// `[sync]`: what is accepted, and each refusal by its exact sentence.
#include <string>

#include "exporter/config.h"
#include "exporter/config_draft.h"
#include "exporter/config_toml.h"
#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using namespace std::chrono_literals;

Result<Config> config_from(const std::string& text) {
  return parse_config_toml("[[database]]\npath = \"/a.db\"\n" + text, "x.toml", {})
      .and_then([](const ConfigDraft& draft) { return make_config(draft, {}); });
}

std::string error_of(const std::string& text) {
  const Result<Config> config = config_from(text);
  if (config) return "no error";
  CHECK(config.error().code == Errc::config);
  return config.error().message;
}

const std::string kShort = "[sync]\ndatabases = [\"*\"]\n";

TEST_CASE("a short [sync] has its defaults") {
  const SqlConfig sql = config_from(kShort).value().sql();
  REQUIRE(sql.queries.size() == 1);
  const QueryConfig& query = sql.queries[0];
  CHECK(query.name == "sync");
  CHECK(query.databases == std::vector<std::string>{"*"});
  CHECK(query.interval == 1min);
  CHECK(query.timeout == 1s);
  CHECK(query.max_rows == 1'000);
  CHECK(query.metrics.empty());
  CHECK(query.sync == SyncWork{{}, 10'000});
}

TEST_CASE("what is written of [sync] is kept") {
  const std::string text =
      kShort +
      "interval = \"24h\"\ntimeout = \"10ms\"\nmax_rows = 10000\nmax_pending = 1000000\n"
      "[[sync.layout]]\ntable = \"a b\"\ntable_column = \"t\"\npeer_column = \"p\"\n"
      "time_column = \"at\"\nstate_column = \"s\"\n"
      "[[sync.layout]]\ntable = \"whole\"\ntime_column = \"at\"\n";
  const QueryConfig query = config_from(text).value().sql().queries.at(0);
  CHECK(query.interval == 24h);
  CHECK(query.timeout == 10ms);
  CHECK(query.max_rows == 10'000);
  CHECK(query.sync == SyncWork{{{"a b", "t", "p", "at", "s"},
                                {"whole", std::nullopt, std::nullopt, "at", std::nullopt}},
                               1'000'000});
}

TEST_CASE("a wrong [sync] is refused where it is wrong") {
  CHECK(error_of("[sync]\n") ==
        "x.toml:3:1: key \"sync\" must say which \"databases\" it is for; [\"*\"] are all");
  CHECK(error_of("[sync]\ndatabases = []\n") ==
        "x.toml:3:1: key \"sync\" must say which \"databases\" it is for; [\"*\"] are all");
  CHECK(error_of("[sync]\ndatabases = [\"a\", \"a\"]\n") ==
        "x.toml:4:19: key \"sync.databases\" is given twice: \"a\"");
  CHECK(error_of("[[sync]]\n") ==
        "x.toml:3:1: key \"sync\" must be a table, written [sync], not an array");
  CHECK(error_of(kShort + "every = 1\n") ==
        "x.toml:5:1: key \"sync.every\" is unknown; known keys of [sync] are databases, interval, "
        "timeout, max_rows, max_pending, layout");
  CHECK(error_of(kShort + "interval = \"10ms\"\n") ==
        "x.toml:5:12: key \"sync.interval\" must be a duration from 1s to 24h such as \"1m\", not "
        "\"10ms\"");
  CHECK(error_of(kShort + "timeout = \"1h\"\n") ==
        "x.toml:5:11: key \"sync.timeout\" must be a duration from 10ms to 1m such as \"1s\", not "
        "\"1h\"");
  CHECK(error_of(kShort + "max_rows = 0\n") ==
        "x.toml:5:12: key \"sync.max_rows\" must be an integer from 1 to 10000, not 0");
  CHECK(error_of(kShort + "max_pending = 1000001\n") ==
        "x.toml:5:15: key \"sync.max_pending\" must be an integer from 1 to 1000000, not 1000001");
}

TEST_CASE("a wrong layout is refused where it is wrong") {
  const std::string layout = kShort + "[[sync.layout]]\n";
  CHECK(error_of(layout) == "x.toml:5:1: key \"sync.layout\" is without a \"table\"");
  CHECK(error_of(layout + "table = \"t\"\n") ==
        "x.toml:5:1: key \"sync.layout\" is without a \"time_column\"");
  CHECK(error_of(layout + "table = \"\"\ntime_column = \"at\"\n") ==
        "x.toml:6:9: key \"sync.layout.table\" must not be empty");
  CHECK(error_of(layout + "table = \"t\"\ntime_column = \"\\n\"\n") ==
        "x.toml:7:15: key \"sync.layout.time_column\" must not contain control characters: "
        "\"\\x0a\"");
  CHECK(error_of(layout + "column = \"t\"\n") ==
        "x.toml:6:1: key \"sync.layout.column\" is unknown; known keys of [[sync.layout]] are "
        "table, table_column, peer_column, time_column, state_column");
  const std::string whole = "[[sync.layout]]\ntable = \"t\"\ntime_column = \"at\"\n";
  CHECK(error_of(kShort + whole + whole) ==
        "x.toml:9:9: key \"sync.layout.table\" is given twice: \"t\"");
  CHECK(error_of(kShort + "[sync.layout]\n") ==
        "x.toml:5:1: key \"sync.layout\" must be an array of tables, written [[sync.layout]], not "
        "a table");
}

TEST_CASE("no query takes its name") {
  const std::string query =
      "[[query]]\nname = \"sync\"\ndatabases = [\"*\"]\nsql = \"SELECT 1 AS v\"\n"
      "[[query.metric]]\nname = \"shop_a\"\nhelp = \"A.\"\nvalues = [\"v\"]\n";
  CHECK(config_from(query));
  CHECK(error_of(query + kShort) ==
        "x.toml:4:8: key \"query.name\" is refused: \"sync\" is the query that [sync] stands for");
}

}  // namespace
}  // namespace sqlite_exporter
