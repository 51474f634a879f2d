/// The estimate of lock times over weeks of simulated time while the length of periods changes.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <vector>

#include "exporter/cpu_budget.h"
#include "exporter/sample_periods.h"
#include "tests/support/catch.h"

namespace sqlite_exporter::test {
namespace {

using namespace std::chrono_literals;
using Clock = SamplePeriods::Clock;
using Seconds = std::chrono::duration<double>;

/// One lock: held for some of each cycle, in bursts and pauses of many cycles.
class Lock {
 public:
  Lock(Clock::duration cycle, Clock::duration hold) : cycle_(cycle), hold_(hold) {}

  static bool is_burst(Clock::time_point now) { return now.time_since_epoch() % 100s < 40s; }
  bool is_held(Clock::time_point now) const {
    return is_burst(now) && now.time_since_epoch() % cycle_ < hold_;
  }
  Seconds held_in(Clock::duration time) const {
    return Seconds(time) * 0.4 * (Seconds(hold_) / Seconds(cycle_));
  }

 private:
  Clock::duration cycle_;
  Clock::duration hold_;
};

struct Outcome {
  Seconds estimate{0};
  double credits_squared = 0;
  Seconds credits{0};
  std::vector<double> slowdowns;
};

/// One database and a budget that the bursts exceed. A sample is taken up to a fifth of its period
/// before its instant, as those are that share a wake-up.
Outcome simulate(const Lock& lock, Clock::duration time) {
  constexpr double kOneSample = 0.01;  // so many seconds: one database stands for a thousand
  std::minstd_rand random(7);
  std::uniform_real_distribution<double> slack(0, 0.2);
  CpuBudget budget(0.01, 5s);
  Clock::time_point now{};
  SamplePeriods periods(now);
  Seconds used{0};
  Clock::time_point next_tick = now;
  Outcome outcome;
  while (now.time_since_epoch() < time) {
    if (now >= next_tick) {
      budget.observe(now, std::chrono::duration_cast<std::chrono::nanoseconds>(used));
      next_tick = now + budget.tick();
      outcome.slowdowns.push_back(budget.slowdown());
    }
    const auto base = Lock::is_burst(now) ? kBusyPeriod : Clock::duration(kIdlePeriod);
    const Clock::duration period = budget.stretched(base);
    const auto early = std::chrono::duration_cast<Clock::duration>(period * slack(random));
    now = std::max(now, periods.next(now, period, random) - early);
    used += Seconds(Lock::is_burst(now) ? kOneSample : kOneSample / 100);
    const Seconds credit = periods.credit();
    outcome.credits += credit;
    outcome.credits_squared += credit.count() * credit.count();
    if (lock.is_held(now)) outcome.estimate += credit;
  }
  return outcome;
}

TEST_CASE("the time a lock was held is estimated without bias while the budget slows samples") {
  const Lock lock = GENERATE(Lock(50ms, 10ms), Lock(100ms, 20ms), Lock(1s, 300ms), Lock(7s, 1s));
  const Clock::duration time = 480h;
  const Outcome outcome = simulate(lock, time);
  const auto [least, most] = std::ranges::minmax(outcome.slowdowns);
  CHECK(least < 2);
  CHECK(most > 4);

  const Seconds held = lock.held_in(time);
  const double p = held / Seconds(time);
  const double sigma = std::sqrt(outcome.credits_squared * p * (1 - p));
  CAPTURE(sigma, held.count());
  CHECK(sigma < 0.01 * held.count());
  CHECK(outcome.estimate.count() == Approx(held.count()).margin(4 * sigma).epsilon(0));
  CHECK(outcome.credits.count() == Approx(Seconds(time).count()).epsilon(0.001));
}

}  // namespace
}  // namespace sqlite_exporter::test
