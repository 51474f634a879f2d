/// The CPU budget under simulated load: it is kept, without flapping, and given back.
#include "exporter/cpu_budget.h"

#include <algorithm>
#include <random>

#include "exporter/sample_periods.h"
#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;

constexpr double kShare = 0.01;
constexpr CpuBudget::Clock::duration kInterval = 5s;

/// A machine whose looks cost what they are told to, in time of its own.
class Machine {
 public:
  double sampling = 0;  ///< cores, of samples at the full rate
  double looking = 0;   ///< cores, of full looks: all of it at once, once per interval
  double noise = 0;     ///< the part by which the cost of samples varies from tick to tick

  /// The cores that were used, on average.
  double run(CpuBudget::Clock::duration time) {
    const Seconds before = used_;
    const auto end = now_ + time;
    while (now_ < end) tick();
    return (used_ - before) / Seconds(time);
  }
  void sleep(CpuBudget::Clock::duration time) { now_ += time; }
  void use(Seconds seconds) { used_ += seconds; }

  CpuBudget budget{kShare, kInterval};
  int changes = 0;
  double least = 1e9;
  double most = 0;

 private:
  void tick() {
    const Seconds passed = budget.tick();
    const double rate = Seconds(kBusyPeriod) / Seconds(budget.stretched(kBusyPeriod));
    used_ += passed * sampling * rate * (1 + noise * deviation_(random_));
    now_ += budget.tick();
    if (now_ >= next_look_) {
      used_ += Seconds(kInterval) * looking;
      next_look_ += kInterval;
    }
    const double before = budget.slowdown();
    budget.observe(now_, std::chrono::duration_cast<std::chrono::nanoseconds>(used_));
    changes += budget.slowdown() != before ? 1 : 0;
    least = std::min(least, budget.slowdown());
    most = std::max(most, budget.slowdown());
  }

  CpuBudget::Clock::time_point now_{1h};
  CpuBudget::Clock::time_point next_look_ = now_ + 300ms;
  Seconds used_{0};
  std::minstd_rand random_{1};
  std::uniform_real_distribution<double> deviation_{-1, 1};
};

TEST_CASE("within the budget nothing is slowed") {
  Machine machine;
  machine.sampling = 0.6 * kShare;
  machine.looking = 0.3 * kShare;
  machine.noise = 0.2;
  machine.run(10min);
  CHECK(machine.changes == 0);
  CHECK(machine.budget.slowdown() == 1);
  CHECK(machine.budget.stretched(kBusyPeriod) == kBusyPeriod);
}

TEST_CASE("what walks use is taken from it, up to half of it") {
  for (const double walks : {0.0, 0.25, 0.5, 3.0}) {
    CAPTURE(walks);
    Machine machine;
    machine.sampling = 4 * kShare;
    machine.budget.leave_to_walks(walks * kShare);
    machine.run(5min);
    const double left = kShare * (1 - std::min(walks, 0.5));
    CHECK(machine.run(5min) == Approx(left).epsilon(0.11));
  }
}

TEST_CASE("an overload is brought down to the budget within seconds and kept there") {
  const double overload = GENERATE(1.5, 5.0, 15.0);
  const double looking = GENERATE(0.0, 0.3);
  CAPTURE(overload, looking);
  Machine machine;
  machine.sampling = overload * kShare;
  machine.looking = looking * kShare;
  machine.run(20s);
  CHECK(machine.budget.slowdown() > 1.2);
  machine.run(100s);
  machine.changes = 0;
  const double used = machine.run(10min);
  CHECK(used == Approx(kShare).epsilon(0.2));
  CHECK(machine.changes <= 2);
}

TEST_CASE("when the load is gone the full rate comes back step by step") {
  Machine machine;
  machine.sampling = 10 * kShare;
  machine.looking = 0.2 * kShare;
  machine.run(2min);
  const double slowed = machine.budget.slowdown();
  REQUIRE(slowed > 8);
  machine.sampling = 0.1 * kShare;
  machine.least = slowed;
  machine.most = 0;
  for (double before = slowed; machine.budget.slowdown() > 1; before = machine.budget.slowdown()) {
    machine.run(1s);
    REQUIRE(machine.budget.slowdown() <= before);
    REQUIRE(machine.budget.slowdown() > before / 2);
  }
  machine.changes = 0;
  machine.run(10min);
  CHECK(machine.changes == 0);
}

TEST_CASE("noise does not make the rate flap") {
  const double load = GENERATE(0.95, 1.0, 1.2, 4.0);
  CAPTURE(load);
  Machine machine;
  machine.sampling = load * kShare;
  machine.noise = 0.3;
  machine.run(3min);
  machine.changes = 0;
  machine.least = 1e9;
  machine.most = 0;
  machine.run(30min);
  CHECK(machine.changes <= 20);
  CHECK(machine.most <= 1.3 * machine.least);
}

TEST_CASE("a machine that was suspended goes on where it was") {
  Machine machine;
  machine.sampling = 10 * kShare;
  machine.run(2min);
  const double slowed = machine.budget.slowdown();
  machine.sleep(12h);
  machine.run(machine.budget.tick());
  CHECK(machine.budget.slowdown() > slowed / 2);
  CHECK(machine.run(1min) < 2 * kShare);
}

TEST_CASE("a clock of CPU time that stands still, or runs back, slows nothing") {
  CpuBudget budget(kShare, kInterval);
  CpuBudget::Clock::time_point now{1h};
  for (int i = 0; i < 100; ++i) budget.observe(now += 1s, 10s);
  CHECK(budget.slowdown() == 1);
  for (int i = 0; i < 100; ++i) budget.observe(now += 1s, 10s - i * 50ms);
  CHECK(budget.slowdown() == 1);
  for (int i = 0; i < 100; ++i) budget.observe(now, 10s + i * 1s);
  CHECK(budget.slowdown() == 1);
}

TEST_CASE("full looks beyond the budget leave two samples per interval, and no fewer") {
  Machine machine;
  machine.sampling = 5 * kShare;
  machine.looking = 2 * kShare;
  machine.run(5min);
  CHECK(machine.budget.stretched(kBusyPeriod) == 2s);
  CHECK(machine.budget.stretched(kIdlePeriod) == 2s);
  CHECK(machine.budget.slowdown() <= Seconds(2s) / Seconds(kBusyPeriod));
  machine.looking = 0;
  machine.sampling = 0;
  machine.run(5min);
  CHECK(machine.budget.slowdown() == 1);
}

TEST_CASE("periods are stretched to two fifths of an interval, but never beyond ten seconds") {
  const auto overloaded = [](CpuBudget::Clock::duration interval) {
    CpuBudget budget(kShare, interval);
    CpuBudget::Clock::time_point now{1h};
    for (int i = 0; i < 100; ++i) budget.observe(now += budget.tick(), i * 100s);
    return budget;
  };
  CHECK(overloaded(1h).stretched(kBusyPeriod) == 10s);
  CHECK(overloaded(1h).stretched(kIdlePeriod) == 10s);
  CHECK(overloaded(1s).stretched(kBusyPeriod) == 400ms);
  CHECK(overloaded(1s).stretched(kIdlePeriod) == kIdlePeriod);
  CHECK(overloaded(100ms).stretched(kBusyPeriod) == kBusyPeriod);
  CHECK(overloaded(100ms).slowdown() == 1);
}

}  // namespace
}  // namespace sqlite_exporter
