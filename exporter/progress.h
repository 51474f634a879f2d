/// Whether a pool job still gets anywhere: counted by the job, watched by the loop.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace sqlite_exporter {

class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  /// The job's side: it has begun, or one more step is done.
  void step() { ++steps_; }

  /// The loop's side: true if it has begun and no step was seen for `deadline`.
  bool stuck(Clock::time_point now, Clock::duration deadline) {
    const std::uint64_t steps = steps_;
    if (steps != seen_) {
      seen_ = steps;
      seen_at_ = now;
    }
    return steps > 0 && now - seen_at_ >= deadline;
  }

 private:
  std::atomic<std::uint64_t> steps_ = 0;
  std::uint64_t seen_ = 0;
  Clock::time_point seen_at_ = Clock::now();
};

}  // namespace sqlite_exporter
