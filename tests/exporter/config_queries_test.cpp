/// `[sql]` and `[[query]]`: what is accepted, and each refusal by its exact sentence.
#include <map>
#include <string>

#include "exporter/config.h"
#include "exporter/config_draft.h"
#include "exporter/config_toml.h"
#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using namespace std::chrono_literals;

/// A whole query, with lines replaced by key or left out by "".
std::string query_text(const std::map<std::string, std::string>& changes = {}) {
  std::map<std::string, std::string> query = {
      {"name", "\"orders\""}, {"databases", "[\"*\"]"}, {"sql", "\"SELECT 1 AS n\""}};
  std::map<std::string, std::string> metric = {
      {"name", "\"shop_orders\""}, {"help", "\"Orders.\""}, {"values", "[\"n\"]"}};
  for (const auto& [key, value] : changes) {
    if (key.starts_with("metric.")) {
      metric[key.substr(7)] = value;
    } else {
      query[key] = value;
    }
  }
  std::string text = "[[query]]\n";
  for (const auto& [key, value] : query)
    if (!value.empty()) text.append(key).append(" = ").append(value) += '\n';
  text += "[[query.metric]]\n";
  for (const auto& [key, value] : metric)
    if (!value.empty()) text.append(key).append(" = ").append(value) += '\n';
  return text;
}

Result<Config> config_from(const std::string& text) {
  const std::string database = "[[database]]\npath = \"/a.db\"\nlabels = { site = \"x\" }\n";
  return parse_config_toml(database + text, "x.toml", {}).and_then([](const ConfigDraft& draft) {
    return make_config(draft, {});
  });
}

std::string error_of(const std::string& text) {
  const Result<Config> config = config_from(text);
  if (config) return "no error";
  CHECK(config.error().code == Errc::config);
  return config.error().message;
}

std::string error_with(const std::string& key, const std::string& value) {
  return error_of(query_text({{key, value}}));
}

TEST_CASE("without a query there is nothing to be read by SQL") {
  const SqlConfig sql = config_from("").value().sql();
  CHECK(sql == SqlConfig{});
  CHECK_FALSE(sql.allow_rollback);
  CHECK(sql.max_pinned_frames == 1000);
}

TEST_CASE("a query that is short has its defaults") {
  const Config config = config_from(query_text()).value();
  REQUIRE(config.sql().queries.size() == 1);
  const QueryConfig& query = config.sql().queries[0];
  CHECK(query.name == "orders");
  CHECK(query.databases == std::vector<std::string>{"*"});
  CHECK(query.sql == "SELECT 1 AS n");
  CHECK(query.interval == 1min);
  CHECK(query.timeout == 1s);
  CHECK(query.max_rows == 100);
  REQUIRE(query.metrics.size() == 1);
  CHECK(query.metrics[0].name == "shop_orders");
  CHECK(query.metrics[0].help == "Orders.");
  CHECK(query.metrics[0].type == MetricType::gauge);
  CHECK(query.metrics[0].labels.empty());
  CHECK(query.metrics[0].values == std::vector<std::string>{"n"});
  CHECK_FALSE(query.metrics[0].value_label);
}

TEST_CASE("what is written of a query is kept") {
  const Config config =
      config_from("[sql]\nallow_rollback = true\nmax_pinned_frames = 5\n" +
                  query_text({{"interval", "\"24h\""},
                              {"timeout", "\"10ms\""},
                              {"max_rows", "10000"},
                              {"sql", "\"\"\"\nSELECT\n\t1 AS n\"\"\""},
                              {"metric.name", "\"shop_orders_total\""},
                              {"metric.type", "\"counter\""},
                              {"metric.labels", "[\"state\", \"Kind\"]"},
                              {"metric.values", "[\"n\", \"m\"]"},
                              {"metric.value_label", "\"what\""}}) +
                  "[[query.metric]]\nname = \"shop_size_bytes\"\nhelp = \"S\"\nvalues = [\"s\"]\n")
          .value();
  CHECK(config.sql().allow_rollback);
  CHECK(config.sql().max_pinned_frames == 5);
  const QueryConfig& query = config.sql().queries.at(0);
  CHECK(query.interval == 24h);
  CHECK(query.timeout == 10ms);
  CHECK(query.max_rows == 10'000);
  CHECK(query.sql == "SELECT\n\t1 AS n");
  REQUIRE(query.metrics.size() == 2);
  CHECK(query.metrics[0].type == MetricType::counter);
  CHECK(query.metrics[0].labels == std::vector<std::string>{"state", "Kind"});
  CHECK(query.metrics[0].value_label == "what");
  CHECK(query.metrics[1].name == "shop_size_bytes");
}

TEST_CASE("a wrong query is refused where it is wrong") {
  const std::string query = "x.toml:4:1: key \"query\" ";
  CHECK(error_with("name", "") == query + "is without a \"name\"");
  CHECK(error_with("sql", "") == query + "is without \"sql\"");
  CHECK(error_with("databases", "") ==
        query + "must say which \"databases\" it is for; [\"*\"] are all");
  CHECK(error_with("databases", "[]") ==
        query + "must say which \"databases\" it is for; [\"*\"] are all");
  CHECK(error_with("databases", "[\"\"]") ==
        "x.toml:5:14: key \"query.databases\" must not be empty");
  CHECK(error_with("databases", "[\"a\", \"a\"]") ==
        "x.toml:5:19: key \"query.databases\" is given twice: \"a\"");
  CHECK(error_with("name", "\"\"") == "x.toml:6:8: key \"query.name\" must not be empty");
  CHECK(error_with("name", "7") == "x.toml:6:8: key \"query.name\" must be a name, not an integer");
  CHECK(error_with("sql", "\" \\n \"") == "x.toml:7:7: key \"query.sql\" must not be empty");
  CHECK(error_with("sql", "\"SELECT \\u0000\"") ==
        "x.toml:7:7: key \"query.sql\" must not contain control characters but newlines and tabs");
  CHECK(error_with("interval", "\"10ms\"") ==
        "x.toml:6:12: key \"query.interval\" must be a duration from 1s to 24h such as \"1m\", not "
        "\"10ms\"");
  CHECK(error_with("timeout", "\"2m\"") ==
        "x.toml:8:11: key \"query.timeout\" must be a duration from 10ms to 1m such as \"1s\", not "
        "\"2m\"");
  CHECK(error_with("max_rows", "0") ==
        "x.toml:6:12: key \"query.max_rows\" must be an integer from 1 to 10000, not 0");
  CHECK(error_with("every", "1") ==
        "x.toml:6:1: key \"query.every\" is unknown; known keys of [[query]] are name, databases, "
        "sql, interval, timeout, max_rows, metric");
  CHECK(error_of("[[query]]\nname = \"a\"\ndatabases = [\"*\"]\nsql = \"SELECT 1\"\n") ==
        query + "must have a [[query.metric]] for what it finds");
  CHECK(error_of("[[query]]\nmetric = [1]\n") ==
        "x.toml:5:11: key \"query.metric\" must be an array of tables, written [[query.metric]], "
        "not an integer");
  CHECK(error_of("[query]\nname = \"a\"\n") ==
        "x.toml:4:1: key \"query\" must be an array of tables, written [[query]], not a table");
  CHECK(error_of(query_text() + query_text({{"metric.name", "\"shop_other\""}})) ==
        "x.toml:14:8: key \"query.name\" must be unique, there is a query \"orders\" already");
  CHECK(error_of("[sql]\nmax_pinned_frames = 0\n") ==
        "x.toml:5:21: key \"sql.max_pinned_frames\" must be an integer from 1 to 1000000, not 0");
}

TEST_CASE("a metric of a query keeps the rules for names") {
  const std::string metric = "x.toml:8:1: key \"query.metric\" ";
  const std::string name = "x.toml:10:8: key \"query.metric.name\" ";
  CHECK(error_with("metric.name", "") == metric + "is without a \"name\"");
  CHECK(error_with("metric.help", "") == metric + "is without a \"help\"");
  CHECK(error_with("metric.values", "") == metric + "must name at least one column in \"values\"");
  CHECK(error_with("metric.values", "[\"a\", \"b\"]") ==
        metric + "must have a \"value_label\", which tells its several \"values\" apart");
  for (const std::string bad : {"Shop", "9s", "a-b", "a:b", "a__b", "a_", "ä"})
    CHECK(error_with("metric.name", '"' + bad + '"') ==
          name + "must be a metric's name in [a-z0-9_] that begins with a letter, not \"" + bad +
              '"');
  for (const std::string bad : {"sqlite_up", "process_x", "scrape_x", "up"})
    CHECK(error_with("metric.name", '"' + bad + '"') ==
          name + "is refused: \"" + bad + "\" could be a metric of this exporter or of Prometheus");
  CHECK(error_with("metric.name", "\"shop_ms\"") ==
        name + "must end in a base unit such as _seconds or _bytes, not in \"_ms\"");
  CHECK(error_with("metric.name", "\"shop_total\"") ==
        name + "must not end in _total, because it is a gauge");
  CHECK(error_with("metric.type", "\"counter\"") ==
        name + "must end in _total, because it is a counter");
  CHECK(error_with("metric.type", "\"summary\"") ==
        "x.toml:11:8: key \"query.metric.type\" must be \"counter\" or \"gauge\", not \"summary\"");
  CHECK(error_of(query_text() + query_text({{"name", "\"other\""}})) ==
        "x.toml:18:8: key \"query.metric.name\" must be unique, there is a metric \"shop_orders\" "
        "already");
}

TEST_CASE("a label of a query collides with no other") {
  const std::string labels = "x.toml:10:11: key \"query.metric.labels\" ";
  const auto error_with_label = [](const std::string& label) {
    return error_with("metric.labels", "[\"" + label + "\"]");
  };
  for (const std::string taken : {"database", "job", "instance", "le", "quantile"})
    CHECK(error_with_label(taken) ==
          labels + "is refused: Prometheus or this exporter sets the label \"" + taken + '"');
  CHECK(error_with_label("site") == labels +
                                        "is refused: a [[database]] has the label \"site\" "
                                        "already");
  CHECK(error_with_label("count(*)") ==
        labels +
            "must name columns that are label names: letters, digits and underscores, with "
            "neither a digit nor two underscores in front; name the column so with AS");
  CHECK(error_of(query_text({{"metric.labels", "[\"a\"]"}, {"metric.value_label", "\"a\""}})) ==
        "x.toml:12:15: key \"query.metric.value_label\" is one of the labels already: \"a\"");
  CHECK(error_with("metric.value_label", "\"job\"") ==
        "x.toml:11:15: key \"query.metric.value_label\" is refused: Prometheus or this exporter "
        "sets the label \"job\"");
}

}  // namespace
}  // namespace sqlite_exporter
