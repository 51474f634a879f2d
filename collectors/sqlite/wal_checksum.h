/// The checksum that guards the header of a WAL, each of its frames, and its wal-index.
#pragma once

#include <bit>
#include <cstdint>

#include "collectors/base/bytes.h"

namespace sqlite_exporter {

struct WalChecksum {
  std::uint32_t s0 = 0;
  std::uint32_t s1 = 0;
  friend bool operator==(const WalChecksum&, const WalChecksum&) = default;
};

/// Over whole pairs of 32-bit integers; bytes after the last pair do not count. A WAL says in its
/// magic which byte order its writer used; a wal-index always has that of the host. The checksum of
/// a frame goes on from `sum`, that of the frame before it.
inline WalChecksum wal_checksum(Bytes bytes, std::endian order, WalChecksum sum = {}) {
  const auto word = [order](FixedBytes<4> four) {
    const std::uint32_t value = host32(four);
    return order == std::endian::native ? value : __builtin_bswap32(value);
  };
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    sum.s0 += word(bytes.subspan<0, 4>()) + sum.s1;
    sum.s1 += word(bytes.subspan<4, 4>()) + sum.s0;
  }
  return sum;
}

}  // namespace sqlite_exporter
