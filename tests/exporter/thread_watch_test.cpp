/// Schedules as the kernel tells them, on a clock of the test's: what hangs, and what only waits.
#include "exporter/thread_watch.h"

#include <chrono>

#include "exporter/progress.h"
#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using namespace std::chrono_literals;
using Clock = ThreadWatch::Clock;

constexpr Clock::time_point kBegin{1h};

ThreadActivity asleep(ThreadSchedule schedule) { return {.sleeps = true, .schedule = schedule}; }
ThreadActivity awake(ThreadSchedule schedule) { return {.sleeps = false, .schedule = schedule}; }

TEST_CASE("a thread that sleeps and gets no turn is blocked for as long as it was watched") {
  ThreadWatch watch;
  for (int i = 0; i <= 10; ++i) watch.observe(kBegin + i * 100ms, asleep({5, 7, 3}));
  CHECK(watch.blocked() == 1s);
  CHECK(watch.waited() == 0s);
  CHECK_FALSE(watch.starved());
}

TEST_CASE("a thread that waits for a core is starved, and never blocked") {
  ThreadWatch watch;
  // The kernel counts a wait when it ends: for two seconds there is none in it.
  for (int i = 0; i <= 20; ++i) {
    watch.observe(kBegin + i * 100ms, awake({5, 7, 3}));
    CHECK(watch.blocked() == 0s);
  }
  CHECK(watch.waited() == 2s);
  CHECK(watch.starved());
  watch.observe(kBegin + 2100ms, awake({1'000'005, 2'090'000'007, 4}));
  CHECK(watch.waited() == 2090ms);
}

TEST_CASE("a thread that sleeps between turns, and waits for each, is not blocked") {
  ThreadWatch watch;
  for (unsigned i = 0; i <= 20; ++i) {
    watch.observe(kBegin + i * 200ms, asleep({i, i * 190'000'000ULL, i + 1}));
    CHECK(watch.blocked() == 0s);
  }
  CHECK(watch.starved());
}

TEST_CASE("a thread that works has no need of more CPU") {
  ThreadWatch watch;
  for (unsigned i = 0; i <= 20; ++i)
    watch.observe(kBegin + i * 100ms, awake({(i + 1) * 99'000'000ULL, 20, 3}));
  CHECK(watch.blocked() == 0s);
  CHECK(watch.waited() == 0s);
  CHECK_FALSE(watch.starved());
}

TEST_CASE("time in which the watcher had no turn either does not count against a sleeper") {
  ThreadWatch watch;
  watch.observe(kBegin, asleep({5, 7, 3}));
  watch.observe(kBegin + 60s, asleep({5, 7, 3}));
  CHECK(watch.blocked() == ThreadWatch::kMostCredit);
}

TEST_CASE("a step ends what was blocked, and what is not known is told by time alone") {
  ThreadWatch watch;
  for (int i = 0; i <= 9; ++i) watch.observe(kBegin + i * 100ms, asleep({5, 7, 3}));
  watch.got_on();
  CHECK(watch.blocked() == 0s);
  watch.observe(kBegin + 1s, asleep({5, 7, 3}));
  CHECK(watch.blocked() == 0s);

  ThreadWatch blind;
  for (int i = 0; i <= 10; ++i) blind.observe(kBegin + i * 100ms, std::nullopt);
  CHECK(blind.blocked() == 1s);
  CHECK_FALSE(blind.starved());

  // Without counts (CONFIG_SCHED_INFO) the state is all there is.
  ThreadWatch plain;
  for (int i = 0; i <= 10; ++i) plain.observe(kBegin + i * 100ms, awake({}));
  CHECK(plain.blocked() == 0s);
  for (int i = 11; i <= 21; ++i) plain.observe(kBegin + i * 100ms, asleep({}));
  CHECK(plain.blocked() == 1s);
}

TEST_CASE(
    "a job is stuck if its thread hangs, and not while it waits for its first turn or a core") {
  Progress progress;
  ThreadActivity now = asleep({5, 7, 3});
  const auto activity = [&](int) { return std::optional(now); };
  Clock::time_point time = kBegin;
  const auto watch_for = [&](Clock::duration length) {
    for (const Clock::time_point end = time + length; time < end; time += 100ms)
      progress.watch(time, activity);
  };
  watch_for(10s);
  CHECK_FALSE(progress.stuck(1s));  // it has not begun
  progress.step();
  now = awake({5, 7, 3});
  watch_for(10s);
  CHECK_FALSE(progress.stuck(1s));
  CHECK(progress.starved(1s));
  now = asleep({6, 9'000'000'000, 4});
  watch_for(1200ms);
  CHECK(progress.stuck(1s));
  progress.step();
  watch_for(100ms);
  CHECK_FALSE(progress.stuck(1s));
}

}  // namespace
}  // namespace sqlite_exporter
