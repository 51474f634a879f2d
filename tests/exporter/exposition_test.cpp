/// The text format: exact pages, numbers that read back, prometheus-cpp's serializer as witness.
#include "exporter/exposition.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "exporter/text_format.h"
#include "tests/support/catch.h"
#include "tests/support/exposition_checks.h"

namespace sqlite_exporter {
namespace {

using test::duplicate_samples;
using test::misplaced_families;
using test::PageSample;
using test::read_samples;
using test::unreadable_lines;

constexpr Metric kUp = gauge("sqlite_up", "Up.");
constexpr Metric kState = gauge("sqlite_database_state", "State (x).", {"state"});
constexpr Metric kTransactions = counter("sqlite_transactions_total", "Transactions.");
constexpr Metric kUpAgain = gauge("sqlite_up", "Up.");

SubjectReadings subject(const char* labels) {
  return {std::make_shared<const std::string>(labels), {}};
}

std::string number(double value) {
  std::string text;
  append_number(text, value);
  return text;
}

prometheus::MetricFamily own(std::string name, std::string help, double value) {
  prometheus::ClientMetric metric;
  metric.gauge.value = value;
  return {std::move(name), std::move(help), prometheus::MetricType::Gauge, {metric}};
}

TEST_CASE("families are sorted and contiguous, samples in the order of the subjects") {
  std::vector<SubjectReadings> subjects;
  subjects.push_back(subject(R"(database="b",site="x")"));
  subjects.back().batch.add(kUp, 1);
  subjects.back().batch.add(kState, 1, {"wal_live"});
  subjects.back().batch.add(kState, 1, {"orphaned"});
  subjects.push_back(subject(R"(database="a")"));
  subjects.back().batch.add(kTransactions, 12345678);
  subjects.back().batch.add(kUp, 0);
  subjects.push_back(subject(""));
  subjects.back().batch.add(kState, 0.5, {"a\"b"});
  subjects.back().batch.add(kUpAgain, 2);
  const std::vector own_families = {own("process_a", "A.", 1), own("sqlite_exporter_a", "B.", 2),
                                    own("z_last", "C.", 3)};

  CHECK(write_text(subjects, own_families) == R"(# HELP process_a A.
# TYPE process_a gauge
process_a 1
# HELP sqlite_database_state State (x).
# TYPE sqlite_database_state gauge
sqlite_database_state{database="b",site="x",state="wal_live"} 1
sqlite_database_state{database="b",site="x",state="orphaned"} 1
sqlite_database_state{state="a\"b"} 0.5
# HELP sqlite_exporter_a B.
# TYPE sqlite_exporter_a gauge
sqlite_exporter_a 2
# HELP sqlite_transactions_total Transactions.
# TYPE sqlite_transactions_total counter
sqlite_transactions_total{database="a"} 12345678
# HELP sqlite_up Up.
# TYPE sqlite_up gauge
sqlite_up{database="b",site="x"} 1
sqlite_up{database="a"} 0
sqlite_up 2
# HELP z_last C.
# TYPE z_last gauge
z_last 3
)");
}

TEST_CASE("nothing makes an empty page, and families without samples have no head") {
  CHECK(write_text({}, {}).empty());
  prometheus::MetricFamily empty = own("process_a", "A.", 1);
  empty.metric.clear();
  CHECK(write_text({}, std::vector{empty}).empty());
}

TEST_CASE("a subject may have no label text") {
  std::vector<SubjectReadings> subjects(1);
  subjects[0].batch.add(kUp, 1);
  CHECK(write_text(subjects, {}) == "# HELP sqlite_up Up.\n# TYPE sqlite_up gauge\nsqlite_up 1\n");
}

TEST_CASE("HELP and labels of own families are escaped") {
  std::vector families = {own("a", "one\\two\nthree \"four\" \xFF", 1)};
  families[0].metric[0].label = {{"x", "1\\2\"3\n4"}, {"y", "\x80"}};
  CHECK(write_text({}, families) ==
        "# HELP a one\\\\two\\nthree \"four\" \xEF\xBF\xBD\n"
        "# TYPE a gauge\n"
        R"(a{x="1\\2\"3\n4",y=")"
        "\xEF\xBF\xBD\"} 1\n");
}

TEST_CASE("a histogram has buckets up to +Inf, a sum and a count") {
  prometheus::ClientMetric metric;
  metric.label = {{"collector", "wal"}};
  metric.histogram = {.sample_count = 7, .sample_sum = 0.75, .bucket = {{3, 5e-6}, {5, 0.01}}};
  const std::string expected = R"(# HELP h H.
# TYPE h histogram
h_bucket{collector="wal",le="5e-06"} 3
h_bucket{collector="wal",le="0.01"} 5
h_bucket{collector="wal",le="+Inf"} 7
h_sum{collector="wal"} 0.75
h_count{collector="wal"} 7
)";
  const auto page = [&] {
    return write_text({}, std::vector<prometheus::MetricFamily>{
                              {"h", "H.", prometheus::MetricType::Histogram, {metric}}});
  };
  CHECK(page() == expected);
  metric.histogram.bucket.push_back({7, std::numeric_limits<double>::infinity()});
  CHECK(page() == expected);
}

TEST_CASE("numbers") {
  CHECK(number(0) == "0");
  CHECK(number(-0.0) == "-0");
  CHECK(number(1) == "1");
  CHECK(number(-42) == "-42");
  CHECK(number(1e6) == "1000000");
  CHECK(number(9007199254740991.0) == "9007199254740991");
  CHECK(number(-9007199254740991.0) == "-9007199254740991");
  CHECK(number(0.1 + 0.2) == "0.30000000000000004");
  CHECK(number(1795231440.125) == "1795231440.125");
  CHECK(number(std::nan("")) == "NaN");
  CHECK(number(-std::nan("")) == "NaN");
  CHECK(number(std::numeric_limits<double>::infinity()) == "+Inf");
  CHECK(number(-std::numeric_limits<double>::infinity()) == "-Inf");
}

TEST_CASE("every number reads back as the same double") {
  using Limits = std::numeric_limits<double>;
  std::vector<double> values = {9007199254740992.0,
                                1e22,
                                1e300,
                                0.1,
                                1.0 / 3,
                                Limits::max(),
                                Limits::lowest(),
                                Limits::min(),
                                Limits::denorm_min()};
  std::mt19937_64 random(42);  // NOLINT: the same numbers in every run
  for (int i = 0; i < 10000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (std::isfinite(value)) values.push_back(value);
    values.push_back(static_cast<double>(static_cast<std::int64_t>(random() >> (random() % 60))));
  }
  const auto changed = std::ranges::find_if(
      values, [](double v) { return std::strtod(number(v).c_str(), nullptr) != v; });
  CHECK((changed == values.end() ? "" : number(*changed)) == "");
}

TEST_CASE("the same samples as prometheus-cpp's serializer") {
  prometheus::Registry registry;
  auto& requests = prometheus::BuildCounter().Name("a_total").Help("A.").Register(registry);
  requests.Add({{"path", "/x\\y \"z\"\n"}, {"code", "200"}}).Increment(1e6);
  requests.Add({{"path", "/"}, {"code", "404"}}).Increment(0.125);
  prometheus::BuildGauge().Name("b").Help("B.").Register(registry).Add({}).Set(-2.5);
  auto& durations = prometheus::BuildHistogram().Name("c_seconds").Help("C.").Register(registry);
  auto& histogram =
      durations.Add({{"collector", "wal"}}, prometheus::Histogram::BucketBoundaries{1e-5, 1});
  for (const double value : {1e-6, 0.5, 0.5, 7.0}) histogram.Observe(value);
  std::vector<prometheus::MetricFamily> families = registry.Collect();
  std::ranges::sort(families, {}, &prometheus::MetricFamily::name);

  const std::string ours = write_text({}, families);
  const std::string theirs = prometheus::TextSerializer().Serialize(families);
  CHECK(unreadable_lines(ours).empty());
  CHECK(unreadable_lines(theirs).empty());
  CHECK(misplaced_families(ours).empty());
  const auto sorted = [](std::vector<PageSample> samples) {
    std::vector<std::tuple<std::string, decltype(PageSample::labels), double>> all;
    for (const PageSample& s : samples) all.emplace_back(s.name, s.labels, s.value);
    std::ranges::sort(all);
    return all;
  };
  const auto samples = sorted(read_samples(ours));
  CHECK(samples.size() == 8);
  CHECK(samples == sorted(read_samples(theirs)));
}

TEST_CASE("the checks of a page find what they are for") {
  const std::string good =
      "# HELP a A.\n# TYPE a gauge\na{x=\"1\",y=\"2\"} 1\na{x=\"1\"} 2\n"
      "# HELP b B.\n# TYPE b gauge\nb NaN\n";
  CHECK(duplicate_samples(good).empty());
  CHECK(misplaced_families(good).empty());
  CHECK(unreadable_lines(good).empty());
  CHECK(read_samples(good).size() == 3);

  CHECK(duplicate_samples(good + "b 2\n") == std::vector<std::string>{"b 2"});
  CHECK(duplicate_samples(good + "a{y=\"2\",x=\"1\"} 3\n").size() == 1);
  CHECK(misplaced_families(good + "a 3\n") == std::vector<std::string>{"a"});
  CHECK(misplaced_families(good + "# TYPE a gauge\n") == std::vector<std::string>{"a"});
  CHECK(misplaced_families(good + "b_count 3\n") == std::vector<std::string>{"b_count"});
  for (const char* line : {"", "a", "a ", "a x", "a{x=1} 1", "a{x=\"1\" 1", "a{x=\"1} 1",
                           "a{x=\"\\x\"} 1", "a 1 2", "9 1", "# EOF"})
    CHECK(unreadable_lines(std::string(line) + "\n") == std::vector<std::string>{line});
}

}  // namespace
}  // namespace sqlite_exporter
