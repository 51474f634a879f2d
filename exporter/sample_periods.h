/// The periods of one database's samples: each has one sample, at a random instant of it.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace sqlite_exporter {

/// While an application is attached and did something within the last samples, or holds a lock.
inline constexpr std::chrono::milliseconds kBusyPeriod(100);
inline constexpr std::chrono::seconds kIdlePeriod(1);

/// Periods follow each other without a gap, whatever their length; after a pause, as far as a
/// second period goes. So no time counts twice, and what was not looked at does not count.
class SamplePeriods {
 public:
  using Clock = std::chrono::steady_clock;

  explicit SamplePeriods(Clock::time_point begin) : end_(begin) {}

  /// Begins the next period, and returns the instant of its sample. To be called after the sample
  /// of the one before: the length may depend on the past, but not on what the sample will see.
  template <class Random>
  Clock::time_point next(Clock::time_point now, Clock::duration length, Random& random) {
    const Clock::duration late = std::max(now - end_, Clock::duration(0));
    const Clock::time_point begin = end_ + late;
    end_ = begin + length;
    credit_ = length + std::min(late, length);
    return begin + Clock::duration(
                       std::uniform_int_distribution<Clock::rep>(0, length.count() - 1)(random));
  }

  /// What the sample in the present period stands for; 0 for a first sample before any period.
  Clock::duration credit() const { return credit_; }

 private:
  Clock::time_point end_;
  Clock::duration credit_{0};
};

}  // namespace sqlite_exporter
