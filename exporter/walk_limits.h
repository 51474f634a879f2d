/// How far one walk through folders may go, and which of the limits ended it.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sqlite_exporter {

struct WalkLimits {
  std::size_t max_depth = 16;         ///< folders below the pattern's fixed prefix
  std::size_t max_entries = 100'000;  ///< names read or looked up
  std::chrono::milliseconds max_duration{10'000};

  bool operator==(const WalkLimits&) const = default;
};

enum class WalkLimit : std::uint8_t { depth, count, time };

inline constexpr std::array<std::string_view, 3> kWalkLimitNames = {"depth", "count", "time"};

constexpr std::string_view to_string(WalkLimit limit) {
  return kWalkLimitNames[static_cast<std::size_t>(limit)];
}

}  // namespace sqlite_exporter
