/// What the log says of too little CPU, from what the machine counts.
#include "exporter/cpu_shortage.h"

#include <chrono>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using namespace std::chrono_literals;

CpuPressure pressure(std::chrono::seconds time, std::uint64_t periods, std::uint64_t throttled,
                     double waiting) {
  return {
      std::chrono::steady_clock::time_point(time), {{"/a", periods, throttled, false}}, waiting};
}

TEST_CASE("what is told of a shortage lies between two readings") {
  const CpuShortage shortage =
      shortage_between(pressure(10s, 100, 40, 7), pressure(20s, 200, 130, 12));
  CHECK(shortage.limit.periods == 100);
  CHECK(shortage.limit.throttled_periods == 90);
  CHECK(shortage.is_throttled());
  CHECK(shortage.node_pressure == 0.5);
}

TEST_CASE("of several limits the one that bound most is told, and the innermost of equal ones") {
  const auto between = [](std::uint64_t own, std::uint64_t slice, std::uint64_t all) {
    CpuPressure before;
    before.limits = {{"/s/a", 10, 1, false}, {"/s", 500, 5, true}, {"/new", 1, 1, true}};
    CpuPressure after;
    after.limits = {
        {"/s/a", 110, 1 + own, false}, {"/s", 500 + all, 5 + slice, true}, {"/newer", 9, 9, true}};
    return shortage_between(before, after);
  };
  CHECK(between(0, 90, 100).limit == CpuThrottling{"/s", 100, 90, true});
  CHECK(between(0, 90, 100).is_throttled());
  CHECK(between(95, 90, 100).limit == CpuThrottling{"/s/a", 100, 95, false});
  CHECK(between(50, 50, 100).limit.path == "/s/a");
  CHECK(between(50, 30, 40).limit.path == "/s");
  CHECK(between(0, 0, 100).limit.path == "/s/a");
  CHECK_FALSE(between(0, 0, 100).is_throttled());
  CHECK(between(50, 0, 0).limit.path == "/s/a");  // it did not run
}

TEST_CASE("of what is not known, and of counters that begin anew, nothing is told") {
  CpuPressure none;
  none.time = std::chrono::steady_clock::time_point(20s);
  const CpuShortage unknown = shortage_between(pressure(10s, 100, 40, 7), none);
  CHECK(unknown.limit.periods == 0);
  CHECK_FALSE(unknown.node_pressure);
  CHECK_FALSE(unknown.is_throttled());

  const CpuShortage anew = shortage_between(pressure(10s, 100, 40, 7), pressure(20s, 3, 50, 6));
  CHECK(anew.limit.periods == 0);
  CHECK(anew.limit.throttled_periods == 0);
  CHECK(anew.node_pressure == 0);
  CHECK_FALSE(shortage_between(pressure(10s, 0, 0, 1), pressure(10s, 0, 0, 2)).node_pressure);
}

TEST_CASE("a pass in which nobody waited is no shortage, and each pass is told by itself") {
  CpuWatch watch;
  watch.pass_goes_on(1h);
  CHECK_FALSE(watch.end_pass());
  watch.pass_goes_on(1h);
  watch.waited(3s, 4s);
  watch.waited(2s, 2s);
  const auto shortage = watch.end_pass();
  REQUIRE(shortage);
  CHECK(shortage->waited == 3s);
  CHECK(shortage->observed == 4s);
  CHECK_FALSE(watch.end_pass());
  watch.samples_late();
  CHECK(watch.end_pass());
}

}  // namespace
}  // namespace sqlite_exporter
