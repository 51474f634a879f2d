/// When the loop last turned with a sampler that gets on: what a watchdog from outside asks.
#pragma once

#include <atomic>
#include <chrono>

namespace sqlite_exporter {

/// `beat` is the loop's; any thread may ask.
class Heartbeat {
 public:
  using Clock = std::chrono::steady_clock;  ///< stands still while the machine sleeps

  /// Begins with a beat.
  explicit Heartbeat(Clock::duration patience) : patience_(patience) { beat(Clock::now()); }

  void beat(Clock::time_point now) { last_.store(now, std::memory_order_relaxed); }
  Clock::duration patience() const { return patience_; }
  /// False if the last beat is longer ago than the patience.
  bool is_alive(Clock::time_point now) const {
    return now - last_.load(std::memory_order_relaxed) <= patience_;
  }

 private:
  const Clock::duration patience_;
  std::atomic<Clock::time_point> last_;
};

}  // namespace sqlite_exporter
