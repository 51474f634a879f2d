/// Which processes samples met at work on a WAL lately: what they hold is gone at the next look.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

#include "collectors/held_locks.h"

namespace sqlite_exporter {

inline constexpr std::size_t kMostWalWorkers = 4;
/// 0: none.
using WalWorkerPids = std::array<int, kMostWalWorkers>;

/// The last four of another pid, as F_GETLK names the holders of WRITE and READ.
class WalWorkers {
 public:
  void observe(const WalLocks& locks, std::chrono::steady_clock::time_point now) {
    if (locks.write) add(locks.write->pid, now);
    for (const auto& reader : locks.read)
      if (reader) add(reader->pid, now);
  }

  /// Seen within a minute: one whose transactions take a millisecond is met now and then.
  WalWorkerPids lately(std::chrono::steady_clock::time_point now) const {
    WalWorkerPids pids{};
    for (std::size_t i = 0; i < seen_.size(); ++i)
      if (now - seen_[i].when <= std::chrono::minutes(1)) pids[i] = seen_[i].pid;
    return pids;
  }

 private:
  struct Seen {
    int pid = 0;
    std::chrono::steady_clock::time_point when;
  };

  void add(int pid, std::chrono::steady_clock::time_point now) {
    if (pid <= 0) return;
    auto place = std::ranges::find(seen_, pid, &Seen::pid);
    if (place == seen_.end()) place = std::ranges::min_element(seen_, {}, &Seen::when);
    *place = {pid, now};
  }

  std::array<Seen, kMostWalWorkers> seen_{};
};

}  // namespace sqlite_exporter
