/// The step of a 32-bit counter of SQLite's between two looks.
#pragma once

#include <cstdint>
#include <optional>

namespace sqlite_exporter {

/// How far it went from `before` to `now`, also across its wrap; nothing if it was restarted. More
/// than 2^20 steps do not fit between two looks around the wrap, so a larger fall is a restart.
constexpr std::optional<std::uint32_t> counter_advance(std::uint32_t before, std::uint32_t now) {
  const std::uint32_t step = now - before;
  if (now >= before || step < (1U << 20U)) return step;
  return std::nullopt;
}

}  // namespace sqlite_exporter
