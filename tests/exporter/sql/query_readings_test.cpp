/// From rows to samples.
#include "exporter/sql/query_readings.h"

#include <cmath>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

QueryConfig some_query() {
  QueryConfig query;
  query.name = "orders";
  query.sql = "SELECT";
  query.max_rows = 7;
  query.timeout = std::chrono::milliseconds(30);
  query.metrics.push_back({"shop_orders", "O.", MetricType::gauge, {"state", "kind"}, {"n"}, {}});
  query.metrics.push_back(
      {"shop_size_bytes", "S.", MetricType::gauge, {"kind"}, {"n", "size"}, "what"});
  return query;
}

std::vector<std::string> lines(const std::vector<QuerySample>& samples) {
  std::vector<std::string> result;
  for (const QuerySample& sample : samples)
    result.push_back(std::string("{").append(sample.labels).append("} ").append(sample.value));
  return result;
}

TEST_CASE("the worker is asked for each column once") {
  const StatementRequest request = request_of(some_query(), "/a.db");
  CHECK(request.path == "/a.db");
  CHECK(request.sql == "SELECT");
  CHECK(request.labels == std::vector<std::string>{"state", "kind"});
  CHECK(request.values == std::vector<std::string>{"n", "size"});
  CHECK(request.max_rows == 7);
  CHECK(request.timeout == std::chrono::milliseconds(30));
}

TEST_CASE("each row is a sample of each metric and value") {
  const auto samples = samples_of(some_query(), {{{"new", "a\"b"}, {std::int64_t{1}, 0.5}},
                                                 {{"", "c"}, {std::nullopt, HUGE_VAL}}});
  REQUIRE(samples);
  REQUIRE(samples->size() == 2);
  CHECK(lines((*samples)[0]) == std::vector<std::string>{R"({state="new",kind="a\"b"} 1)"});
  CHECK(lines((*samples)[1]) == std::vector<std::string>{R"({kind="a\"b",what="n"} 1)",
                                                         R"({kind="a\"b",what="size"} 0.5)",
                                                         R"({kind="c",what="size"} +Inf)"});
}

TEST_CASE("an integer beyond 2^53 is written whole") {
  QueryConfig query = some_query();
  query.metrics = {{"shop_id", "I.", MetricType::gauge, {}, {"n"}, {}}};
  const auto samples = samples_of(query, {{{}, {std::int64_t{9007199254740993}}}});
  CHECK(lines(samples.value()[0]) == std::vector<std::string>{"{} 9007199254740993"});
}

TEST_CASE("no row is no sample, and no error") {
  CHECK(samples_of(some_query(), {}).value().at(0).empty());
}

TEST_CASE("two samples with the same labels are an error") {
  const auto samples = samples_of(some_query(), {{{"new", "a"}, {std::int64_t{1}, 1.0}},
                                                 {{"old", "a"}, {std::int64_t{1}, 1.0}}});
  REQUIRE_FALSE(samples);
  CHECK(samples.error().code == Errc::config);
  CHECK(samples.error().message ==
        "two of its rows have the same labels {kind=\"a\",what=\"n\"}, which Prometheus could not "
        "tell apart");
}

}  // namespace
}  // namespace sqlite_exporter
