/// Readings go in and come out with their own labels.
#include "collectors/batch.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

constexpr Metric kUp = gauge("sqlite_up", "Up.");
constexpr Metric kState = gauge("sqlite_database_state", "State.", {"state"});
constexpr Metric kInfo = gauge("sqlite_database_info", "Info.", {"path", "encoding"});

TEST_CASE("a reading keeps its metric, value and label text") {
  Batch batch;
  batch.add(kUp, 1);
  batch.add(kInfo, 1, {"/a \"b\".db", "UTF-8"});
  batch.add(kState, 0.5, {"wal_live"});

  const auto readings = batch.readings();
  REQUIRE(readings.size() == 3);
  CHECK(readings[0].metric == &kUp);
  CHECK(batch.labels(readings[0]).empty());
  CHECK(batch.labels(readings[1]) == R"(path="/a \"b\".db",encoding="UTF-8")");
  CHECK(readings[2].metric == &kState);
  CHECK(readings[2].value == 0.5);
  CHECK(batch.labels(readings[2]) == R"(state="wal_live")");
}

TEST_CASE("an empty batch has no readings") { CHECK(Batch().readings().empty()); }

TEST_CASE("truncating forgets the readings from there on and their labels") {
  Batch batch;
  batch.add(kState, 1, {"wal_live"});
  batch.add(kUp, 1);
  batch.add(kState, 1, {"orphaned"});

  batch.truncate(1);
  batch.add(kInfo, 1, {"/a.db", "UTF-16le"});
  REQUIRE(batch.readings().size() == 2);
  CHECK(batch.labels(batch.readings()[0]) == R"(state="wal_live")");
  CHECK(batch.labels(batch.readings()[1]) == R"(path="/a.db",encoding="UTF-16le")");

  SECTION("beyond the end it forgets nothing") {
    batch.truncate(2);
    batch.truncate(9);
    CHECK(batch.readings().size() == 2);
  }
  SECTION("at 0 it forgets everything") {
    batch.truncate(0);
    CHECK(batch.readings().empty());
  }
}

}  // namespace
}  // namespace sqlite_exporter
