/// Samples at random instants, as the sampler takes them: one in each period.
#pragma once

#include <chrono>
#include <random>
#include <thread>

namespace sqlite_exporter::test {

class RandomInstants {
 public:
  explicit RandomInstants(std::chrono::microseconds period)
      : start_(std::chrono::steady_clock::now()),
        instant_(0, period.count() - 1),
        period_(period) {}

  /// Returns at a random instant of the next period.
  void next() {
    std::this_thread::sleep_until(start_ + std::chrono::microseconds(instant_(random_)));
    start_ += period_;
  }

 private:
  std::chrono::steady_clock::time_point start_;
  std::minstd_rand random_{std::random_device{}()};
  std::uniform_int_distribution<std::chrono::microseconds::rep> instant_;
  std::chrono::microseconds period_;
};

}  // namespace sqlite_exporter::test
