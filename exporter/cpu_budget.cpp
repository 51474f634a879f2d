#include "exporter/cpu_budget.h"

#include <algorithm>
#include <cmath>

#include "exporter/sample_periods.h"
#include "exporter/walk_pause.h"

namespace sqlite_exporter {

namespace {

using Seconds = std::chrono::duration<double>;

/// Full looks come in a burst once per interval. Averaged over one interval, twice, their bursts
/// move the demand by a twentieth of their share.
constexpr std::chrono::seconds kShortestMemory(1);
constexpr std::chrono::seconds kLongestMemory(30);
constexpr int kTicksPerMemory = 5;

/// From one sample to the next pass at most two periods and the fifth of one that wake-ups are
/// shared within: less than an interval.
constexpr double kPeriodsPerInterval = 2.5;

/// Whoever wants a full look once an hour still wants counters that follow.
constexpr std::chrono::seconds kLongestPeriod(10);

/// A slowdown this near to the wanted one stays as it is: noise moves nothing.
constexpr double kTolerance = 0.1;

}  // namespace

CpuBudget::CpuBudget(double share, Clock::duration interval)
    : share_(share),
      memory_(std::clamp<Clock::duration>(interval, kShortestMemory, kLongestMemory)),
      longest_period_(
          std::min(std::chrono::duration_cast<Clock::duration>(interval / kPeriodsPerInterval),
                   Clock::duration(kLongestPeriod))),
      most_slowdown_(std::max(1.0, Seconds(longest_period_) / Seconds(kBusyPeriod))) {}

void CpuBudget::leave_to_walks(double cores) {
  left_ = share_ - std::clamp(cores, 0.0, share_ * kWalksShare);
}

CpuBudget::Clock::duration CpuBudget::tick() const { return memory_ / kTicksPerMemory; }

CpuBudget::Clock::duration CpuBudget::stretched(Clock::duration period) const {
  const auto wanted = std::chrono::duration_cast<Clock::duration>(period * slowdown_);
  return std::min(wanted, std::max(period, longest_period_));
}

void CpuBudget::observe(Clock::time_point now, std::chrono::nanoseconds used) {
  const std::optional<Reading> before = last_;
  if (before && now <= before->time) return;
  last_ = Reading{now, used};
  if (!before) return;
  const Clock::duration elapsed = now - before->time;
  const double cores = std::max(0.0, Seconds(used - before->used) / Seconds(elapsed));
  // A suspended machine has not been idle: one reading, however late, weighs at most one memory.
  const double weight = -std::expm1(-(Seconds(std::min(elapsed, memory_)) / Seconds(memory_)));
  fast_demand_ += weight * (cores * slowdown_ - fast_demand_);
  // What can never be granted need not be forgotten before the rate comes back.
  fast_demand_ = std::min(fast_demand_, 2 * most_slowdown_ * share_);
  demand_ += weight * (fast_demand_ - demand_);

  const double wanted = std::clamp(demand_ / left_, 1.0, most_slowdown_);
  const bool near = std::abs(wanted - slowdown_) <= kTolerance * slowdown_;
  if (!near || wanted == 1) slowdown_ = wanted;
}

}  // namespace sqlite_exporter
