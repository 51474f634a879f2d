/// The page sizes SQLite allows.
#pragma once

#include <bit>
#include <cstdint>

namespace sqlite_exporter {

inline constexpr std::uint32_t kMinPageSize = 512;
inline constexpr std::uint32_t kMaxPageSize = 65536;

constexpr bool is_page_size(std::uint32_t bytes) {
  return bytes >= kMinPageSize && bytes <= kMaxPageSize && std::has_single_bit(bytes);
}

}  // namespace sqlite_exporter
