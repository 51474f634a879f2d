/// The printed reference, compared as exact text.
#include "exporter/describe.h"

#include <array>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

constexpr Metric kUpMetric = gauge("sqlite_up", "Whether it is up.");
constexpr Metric kStateMetric = gauge("sqlite_state", "A state, \"a\" or b|c.", {"state", "cause"});
constexpr Metric kScrapes = counter("sqlite_exporter_scrapes_total", "Scrapes.");

std::array<MetricGroup, 2> groups() {
  return {{{"database", {&kUpMetric, &kStateMetric}, true}, {"exporter", {&kScrapes}, false}}};
}

TEST_CASE("metrics in JSON are one array sorted by name") {
  CHECK(describe_metrics(groups(), DescribeFormat::json) ==
        R"json([
{"name":"sqlite_exporter_scrapes_total","help":"Scrapes.","type":"counter","labels":[]},
{"name":"sqlite_state","help":"A state, \"a\" or b|c.","type":"gauge","labels":["database","state","cause"]},
{"name":"sqlite_up","help":"Whether it is up.","type":"gauge","labels":["database"]}
]
)json");
}

TEST_CASE("metrics in Markdown are a table a collector") {
  CHECK(describe_metrics(groups(), DescribeFormat::markdown) == R"md(# Metrics

<!-- Printed by `sqlite_exporter describe metrics`. -->

## database

| metric | type | labels | meaning |
|---|---|---|---|
| `sqlite_state` | gauge | `database`, `state`, `cause` | A state, "a" or b\|c. |
| `sqlite_up` | gauge | `database` | Whether it is up. |

## exporter

| metric | type | labels | meaning |
|---|---|---|---|
| `sqlite_exporter_scrapes_total` | counter | | Scrapes. |
)md");
}

TEST_CASE("what a collector tells of databases and of the node is in one table") {
  const std::array<MetricGroup, 2> halves = {
      {{"database", {&kUpMetric}, true}, {"database", {&kScrapes}, false}}};
  const std::string text = describe_metrics(halves, DescribeFormat::markdown);
  CHECK(
      text.ends_with("\n## database\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n"
                     "| `sqlite_up` | gauge | `database` | Whether it is up. |\n"
                     "| `sqlite_exporter_scrapes_total` | counter | | Scrapes. |\n"));
}

TEST_CASE("the configuration in Markdown has a section a table") {
  const std::string text = describe_config(DescribeFormat::markdown);
  CHECK(text.starts_with("# Configuration\n"));
  CHECK(text.find(R"md(
## `[poll]`

| key | value | default | meaning |
|---|---|---|---|
| `interval` | a duration from 100ms to 1h such as "5s" | `"5s"` |)md") != std::string::npos);
  CHECK(text.find("\n## `[[database]]`\n") != std::string::npos);
  CHECK(text.find("\n| `labels` | a table of strings | `{}` | ") != std::string::npos);
  CHECK(text.find("\n## `[collector.NAME]`\n") != std::string::npos);
}

TEST_CASE("the configuration in JSON is one object a key") {
  const std::string text = describe_config(DescribeFormat::json);
  CHECK(text.starts_with("[\n{\"table\":\"database\",\"key\":\"path\","));
  CHECK(text.find(R"({"table":"web","key":"listen_address","type":"string",)"
                  R"("expected":"\"HOST:PORT\" or \":PORT\"","default":"\":10003\"",)") !=
        std::string::npos);
  CHECK(text.ends_with("}\n]\n"));
}

}  // namespace
}  // namespace sqlite_exporter
