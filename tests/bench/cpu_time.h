/// Medians of a thread's CPU time, taken by turns so that whatever else the machine does hits all.
#pragma once

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

namespace sqlite_exporter::bench {

/// Something that is done again and again; `run` throws if it did not do what it is timed for.
struct Case {
  std::string name;
  std::function<void()> run;
  std::size_t reference = 0;  ///< the case it is compared with
  double aim = 0;             ///< nanoseconds; 0: none
  std::vector<double> times = {};

  /// Nanoseconds.
  double median() const {
    std::vector<double> sorted = times;
    std::ranges::nth_element(sorted,
                             sorted.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
    return sorted[times.size() / 2];
  }
};

/// Nanoseconds this thread has run, in the kernel too.
inline double thread_cpu_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

inline void measure(std::vector<Case>& cases, std::size_t rounds, std::size_t repetitions) {
  for (std::size_t round = 0; round < rounds; ++round) {
    for (Case& each : cases) {
      const double start = thread_cpu_time();
      for (std::size_t i = 0; i < repetitions; ++i) each.run();
      each.times.push_back((thread_cpu_time() - start) / static_cast<double>(repetitions));
    }
  }
}

}  // namespace sqlite_exporter::bench
