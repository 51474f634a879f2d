/// A declared metric says what it was declared with; what must not compile is in compile_fail.
#include "collectors/metric.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

constexpr Metric kCounter = counter("sqlite_transactions_total", "Committed (iChange).");
constexpr Metric kGauge = gauge("sqlite_wal_frames", "Frames (mxFrame).", {"state", "cause"});
constexpr Metric kHistogram = histogram("process_a_seconds", "Seconds.", {"collector"});
constexpr Metric kWidest =
    gauge("sqlite_widest", "Eight labels.", {"a", "b", "c", "d", "e", "f", "g", "h2_i"});

TEST_CASE("name, help, type and labels") {
  CHECK(kCounter.name() == "sqlite_transactions_total");
  CHECK(kCounter.help() == "Committed (iChange).");
  CHECK(kCounter.type() == MetricType::counter);
  CHECK(kCounter.labels().empty());

  CHECK(kGauge.type() == MetricType::gauge);
  REQUIRE(kGauge.labels().size() == 2);
  CHECK(kGauge.labels()[0] == "state");
  CHECK(kGauge.labels()[1] == "cause");

  CHECK(kHistogram.type() == MetricType::histogram);
  CHECK(kWidest.labels().size() == Metric::kMaxLabels);
  CHECK(kWidest.labels()[7] == "h2_i");
}

TEST_CASE("types are named as in a TYPE line") {
  CHECK(to_string(MetricType::counter) == "counter");
  CHECK(to_string(MetricType::gauge) == "gauge");
  CHECK(to_string(MetricType::histogram) == "histogram");
}

}  // namespace
}  // namespace sqlite_exporter
