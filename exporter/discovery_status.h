/// What discovery could not do, in numbers.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>

#include "exporter/walk_limits.h"

namespace sqlite_exporter {

struct DiscoveryStatus {
  std::array<std::size_t, kWalkLimitNames.size()> limited{};  ///< walks, by limit
  std::size_t refused_links = 0;      ///< symbolic links that are not followed
  std::size_t noise_files = 0;        ///< passed over: encrypted databases, or no databases
  std::size_t unwatched_folders = 0;  ///< because of the limit on inotify watches
  bool processes = false;             ///< their open files are looked at, so the next two count
  std::size_t denied_processes = 0;
  std::size_t untranslated_files = 0;
  /// The longest that a folder waits to be walked anew: `rescan_interval`, or what `cpu_budget`
  /// asks for.
  std::chrono::duration<double> rescan_period{0};
};

}  // namespace sqlite_exporter
