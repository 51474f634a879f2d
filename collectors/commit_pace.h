/// What SQLite can do at most between two looks: what goes beyond was written by something else.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace sqlite_exporter {

/// Twice what one core of a server did on tmpfs with synchronous=OFF: 141,000 a second in WAL mode,
/// 70,000 in rollback mode with journal_mode=OFF, 117,000 there without any lock (unix-none). There
/// is one writer at a time, so more cores do not add up.
inline constexpr std::uint64_t kMostCommitsASecond = 300'000;

/// Whoever looks may wait for the CPU between the clock and the file.
inline constexpr std::chrono::seconds kPaceSlack(1);

/// Whether so many commits, or resets of a WAL, fit into the time between two looks.
constexpr bool is_within_pace(std::uint64_t steps, std::chrono::steady_clock::duration elapsed) {
  constexpr std::chrono::hours kLongest(4);  // more than 2^32 by then
  const auto time = std::clamp<std::chrono::steady_clock::duration>(
      elapsed, std::chrono::steady_clock::duration::zero(), kLongest);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(time + kPaceSlack).count();
  return steps <= kMostCommitsASecond * static_cast<std::uint64_t>(milliseconds) / 1000;
}

}  // namespace sqlite_exporter
