/// The CPU budget: how much slower samples are taken so that all looks keep within a share of a
/// core.
#pragma once

#include <chrono>
#include <optional>

namespace sqlite_exporter {

/// The cost of full looks is given, the rate of samples is what gives way. The measure is demand:
/// the CPU time used, times the slowdown it was used under. Unlike the time itself it does not
/// answer to the slowdown, so the delay of an average cannot make the two chase each other.
class CpuBudget {
 public:
  using Clock = std::chrono::steady_clock;

  /// `share` of one core, 0.01 for 1 %; `interval` is that of full looks.
  explicit CpuBudget(double share = 0.01, Clock::duration interval = std::chrono::seconds(5));

  /// The CPU time of looks from any beginning until `now`; to be called every `tick()` or later.
  void observe(Clock::time_point now, std::chrono::nanoseconds used);
  Clock::duration tick() const;
  /// What walks use of the share, in cores: at most half of it.
  void leave_to_walks(double cores);

  /// How many times longer than usual periods are: 1 within the budget.
  double slowdown() const { return slowdown_; }
  /// The period under it, so short yet that each full look has a sample that the one before it did
  /// not have.
  Clock::duration stretched(Clock::duration period) const;

 private:
  struct Reading {
    Clock::time_point time;
    std::chrono::nanoseconds used;
  };

  double share_;
  double left_ = share_;  ///< by walks
  Clock::duration memory_;
  Clock::duration longest_period_;
  double most_slowdown_;
  std::optional<Reading> last_;
  double fast_demand_ = 0;  ///< cores, averaged over `memory_`
  double demand_ = 0;       ///< and once more
  double slowdown_ = 1;
};

}  // namespace sqlite_exporter
