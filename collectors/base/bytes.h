/// Integers out of byte spans whose extents the compiler checks.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace sqlite_exporter {

using Bytes = std::span<const std::byte>;

template <std::size_t N>
using FixedBytes = std::span<const std::byte, N>;

constexpr std::uint8_t u8(FixedBytes<1> bytes) { return std::to_integer<std::uint8_t>(bytes[0]); }

constexpr std::uint16_t be16(FixedBytes<2> bytes) {
  return static_cast<std::uint16_t>((std::to_integer<unsigned>(bytes[0]) << 8U) |
                                    std::to_integer<unsigned>(bytes[1]));
}

constexpr std::uint32_t be32(FixedBytes<4> bytes) {
  return (std::to_integer<std::uint32_t>(bytes[0]) << 24U) |
         (std::to_integer<std::uint32_t>(bytes[1]) << 16U) |
         (std::to_integer<std::uint32_t>(bytes[2]) << 8U) |
         std::to_integer<std::uint32_t>(bytes[3]);
}

/// Host byte order: the wal-index is shared memory of this machine, never a portable file.
inline std::uint32_t host32(FixedBytes<4> bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

inline std::uint16_t host16(FixedBytes<2> bytes) {
  std::uint16_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace sqlite_exporter
