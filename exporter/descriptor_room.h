/// Whether there is room for descriptors that stay open between looks.
#pragma once

#include <atomic>
#include <chrono>

namespace sqlite_exporter {

/// Sockets and other files may take what the sampler left free when it kept its own. Once a look
/// finds none, those that are kept are given back, and for a while all are opened and closed: a
/// database that is seen with more work is better than one that is not. Any thread.
class DescriptorRoom {
 public:
  using Clock = std::chrono::steady_clock;

  void ran_out(Clock::time_point now) {
    scarce_until_.store((now + kPatience).time_since_epoch().count(), std::memory_order_relaxed);
  }
  bool may_keep(Clock::time_point now) const {
    return now.time_since_epoch().count() >= scarce_until_.load(std::memory_order_relaxed);
  }

 private:
  static constexpr std::chrono::minutes kPatience{1};

  std::atomic<Clock::rep> scarce_until_{Clock::time_point::min().time_since_epoch().count()};
};

}  // namespace sqlite_exporter
