#include "collectors/sqlite/version_text.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace sqlite_exporter {

std::optional<std::uint32_t> parse_sqlite_version(std::string_view text) {
  constexpr std::uint32_t kMost = 999;
  constexpr std::size_t kLeastParts = 3;
  std::array<std::uint32_t, 4> parts{};
  std::size_t count = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (;; ++at) {
    if (count == parts.size()) return std::nullopt;
    std::uint32_t& part = parts[count++];
    const auto [stop, error] = std::from_chars(at, end, part);
    if (error != std::errc() || part > kMost) return std::nullopt;
    at = stop;
    if (at == end) break;
    if (*at != '.') return std::nullopt;
  }
  if (count < kLeastParts || parts[0] != 3) return std::nullopt;
  return parts[0] * 1'000'000 + parts[1] * 1'000 + parts[2];
}

}  // namespace sqlite_exporter
