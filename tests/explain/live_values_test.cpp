/// What of a snapshot is shown for an alert, in which order and in which words.
#include "exporter/explain/live_values.h"

#include <prometheus/metric_family.h>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

constexpr Metric kSize = gauge("sqlite_wal_file_size_bytes", "S.");
constexpr Metric kUp = gauge("sqlite_up", "U.");
constexpr Metric kInfo = gauge("sqlite_database_info", "I.", {"path"});
constexpr Metric kState = gauge("sqlite_database_state", "St.", {"state"});
constexpr Metric kCommits = counter("sqlite_transactions_total", "C.");
constexpr Metric kPeriods =
    counter("sqlite_cgroup_cpu_periods_total", "P.", {"owner_pod", "cgroup"});

SubjectReadings subject(const char* labels) {
  return {std::make_shared<const std::string>(labels), {}};
}

Snapshot some_snapshot() {
  std::vector<SubjectReadings> subjects = {subject("database=\"a\",site=\"x\""),
                                           subject("database=\"b\""), subject("")};
  subjects[0].batch.add(kSize, 10);
  subjects[0].batch.add(kUp, 1);
  subjects[0].batch.add(kInfo, 1, {"/a,\"b\".db"});
  subjects[0].batch.add(kState, 1, {"wal_live"});
  subjects[0].batch.add(kCommits, 7);
  subjects[1].batch.add(kSize, 30);
  subjects[1].batch.add(kUp, 0);
  subjects[1].batch.add(kState, 1, {"orphaned"});
  subjects[2].batch.add(kPeriods, 5, {"", "/c"});
  return {std::move(subjects), {}, {}, Snapshot::Clock::now(), std::chrono::hours(1)};
}

std::vector<std::string> databases(const std::vector<LiveValue>& values) {
  std::vector<std::string> names;
  for (const LiveValue& value : values) names.push_back(value.database);
  return names;
}

TEST_CASE("of each metric the worst comes first") {
  const Snapshot snapshot = some_snapshot();
  const std::vector<RunbookValue> wanted = {{"sqlite_wal_file_size_bytes", ""}, {"sqlite_up", ""}};
  CHECK(databases(live_values(snapshot, wanted, std::nullopt)) ==
        std::vector<std::string>{"b", "a", "b", "a"});
  CHECK(databases(live_values(snapshot, wanted, "a")) == std::vector<std::string>{"a", "a"});
}

TEST_CASE("a label chooses series, and those that say nothing are not shown") {
  const Snapshot snapshot = some_snapshot();
  const std::vector<RunbookValue> orphaned = {{"sqlite_database_state", "state=\"orphaned\""}};
  CHECK(databases(live_values(snapshot, orphaned, std::nullopt)) == std::vector<std::string>{"b"});
  const std::vector<RunbookValue> periods = {{"sqlite_cgroup_cpu_periods_total", ""}};
  const std::vector<LiveValue> values = live_values(snapshot, periods, "a");
  REQUIRE(values.size() == 1);
  CHECK(values[0].database.empty());
  CHECK(values[0].labels == "cgroup=\"/c\"");
}

TEST_CASE("counters that begin with this process are left out") {
  const std::vector<RunbookValue> wanted = {{"sqlite_transactions_total", ""}};
  CHECK(live_values(some_snapshot(), wanted, std::nullopt).empty());
}

TEST_CASE("a label's value is told without its escapes") {
  const Snapshot snapshot = some_snapshot();
  CHECK(label_of_database(snapshot, "a", "sqlite_database_info", "path") == "/a,\"b\".db");
  CHECK_FALSE(label_of_database(snapshot, "b", "sqlite_database_info", "path"));
  CHECK_FALSE(label_of_database(snapshot, "a", "sqlite_database_info", "state"));
}

TEST_CASE("what a look cannot tell is the daemon's") {
  CHECK(is_told_by_daemon({"sqlite_sync_pending_rows", ""}));
  CHECK(is_told_by_daemon({"sqlite_exporter_databases", ""}));
  CHECK_FALSE(is_told_by_daemon({"sqlite_up", ""}));
}

TEST_CASE("values are in the words of their unit") {
  const auto words = [](std::string_view metric, double value) {
    return value_in_words({"a", "", metric, value}, 1'795'176'063.0);
  };
  CHECK(words("sqlite_x_timestamp_seconds", 1'795'176'003.0) ==
        "2026-11-20 12:00:03 UTC, 1 min ago");
  CHECK(words("sqlite_x_timestamp_seconds", 1'795'176'123.0) ==
        "2026-11-20 12:02:03 UTC, which is later than now: a clock is wrong");
  CHECK(words("sqlite_x_seconds", 42) == "42 s");
  CHECK(words("sqlite_x_bytes", 2048) == "2.0 KiB");
  CHECK(words("sqlite_x_frames", 13) == "13");
  CHECK(words("sqlite_x_cores", 0.5) == "0.500000");
  CHECK(words("sqlite_x_frames", 1e300) != "");
  CHECK(words("sqlite_oldest_reader_age_seconds", 0.3) == "now; since when the daemon's page says");
}

}  // namespace
}  // namespace sqlite_exporter
