/// CPU time of several threads, added up.
#pragma once

#include <atomic>
#include <chrono>
#include <ctime>

namespace sqlite_exporter {

/// A total that any thread adds to.
class CpuTime {
 public:
  void add(std::chrono::nanoseconds used) {
    total_.fetch_add(used.count(), std::memory_order_relaxed);
  }
  std::chrono::nanoseconds total() const {
    return std::chrono::nanoseconds(total_.load(std::memory_order_relaxed));
  }

 private:
  std::atomic<std::chrono::nanoseconds::rep> total_{0};
};

/// Adds to a total what the thread that made it uses while it lives.
class ThreadCpuMeter {
 public:
  explicit ThreadCpuMeter(CpuTime& total) : total_(total) {}
  ThreadCpuMeter(const ThreadCpuMeter&) = delete;
  ThreadCpuMeter& operator=(const ThreadCpuMeter&) = delete;
  ~ThreadCpuMeter() { add(); }

  /// What it used until now; else that is added at the end.
  void add() {
    const std::chrono::nanoseconds now = used();
    total_.add(now - added_);
    added_ = now;
  }

 private:
  static std::chrono::nanoseconds used() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }

  CpuTime& total_;
  std::chrono::nanoseconds added_ = used();
};

}  // namespace sqlite_exporter
