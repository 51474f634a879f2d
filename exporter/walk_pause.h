/// How long a walk has to wait for its next turn, so that all walks keep within a share of a core.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>

namespace sqlite_exporter {

/// Of `cpu_budget`; samples and full looks have what walks leave of it.
inline constexpr double kWalksShare = 0.5;

/// What the walks take together, in roots of seconds: `walk_pause` shares out by it.
inline double walk_weight(std::chrono::duration<double> cpu) {
  return std::sqrt(std::max(0.0, cpu.count()));
}

/// From the end of a walk that used so much CPU time to the beginning of its next one. `weights` is
/// the sum of `walk_weight` of all walks, this one too; `share` of one core. By roots, a walk of
/// many names waits long and one of few does not wait for it: the sum of cpu / pause over all walks
/// is sum(sqrt(cpu)) * share / weights, which is the share.
inline std::chrono::duration<double> walk_pause(std::chrono::duration<double> cpu, double weights,
                                                double share) {
  return std::chrono::duration<double>(walk_weight(cpu) * weights / share);
}

}  // namespace sqlite_exporter
