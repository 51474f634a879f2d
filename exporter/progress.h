/// Whether a pool job still gets anywhere: counted by the job, watched by the loop.
#pragma once

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "exporter/thread_watch.h"

namespace sqlite_exporter {

class Progress {
 public:
  using Clock = ThreadWatch::Clock;

  /// The job's side: it has begun, or one more step is done.
  void step() {
    if (steps_ == 0) thread_ = ::gettid();
    ++steps_;
  }
  /// One more of what it looks at is done, and is the loop's from now on.
  void looked() {
    ++looked_;
    step();
  }
  bool is_cut() const { return cut_; }

  /// The loop's side: what it has not begun to look at is left for another job.
  void cut() { cut_ = true; }
  std::size_t done() const { return looked_; }
  /// To be called now and then.
  void watch(Clock::time_point now, const ActivityOf& activity_of) {
    const std::uint64_t steps = steps_;
    if (steps == 0) return;  // what waits for a thread is not stuck
    if (steps != seen_) watch_.got_on();
    // One that gets on is asked now and then, for the time that it waits in all.
    if (steps == seen_ || seen_ == 0 || now - observed_at_ >= kObservePeriod)
      observe(now, activity_of);
    seen_ = steps;
  }
  /// What it does now, whether it got on or not.
  void observe(Clock::time_point now, const ActivityOf& activity_of) {
    if (thread_ == 0) return;
    watch_.observe(now, activity_of(thread_));
    observed_at_ = now;
  }
  /// True if its thread hangs in one system call for `deadline`.
  bool stuck(Clock::duration deadline) const { return watch_.blocked() >= deadline; }
  bool starved(Clock::duration least) const { return watch_.starved(least); }
  Clock::duration waited() const { return watch_.waited(); }
  Clock::duration observed() const { return watch_.observed(); }

 private:
  static constexpr std::chrono::seconds kObservePeriod{1};

  std::atomic<int> thread_ = 0;
  std::atomic<std::uint64_t> steps_ = 0;
  std::atomic<std::size_t> looked_ = 0;
  std::atomic<bool> cut_ = false;
  std::uint64_t seen_ = 0;
  Clock::time_point observed_at_;
  ThreadWatch watch_;
};

}  // namespace sqlite_exporter
