/// What the fuzz targets share: claims that end the run, and inputs made of several files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "collectors/base/bytes.h"
#include "tests/support/memory_reader.h"
#include "tests/support/sqlite_fixtures.h"

namespace sqlite_exporter::fuzz {

using test::Buffer;

/// libFuzzer takes the abort for a finding and keeps the input.
inline void claim(bool holds) {
  if (!holds) std::abort();
}

inline Bytes bytes_of(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

inline Buffer buffer_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

/// Takes `count` bytes off the front, or as many as there are.
inline Bytes take(Bytes& rest, std::size_t count) {
  const Bytes taken = rest.first(count < rest.size() ? count : rest.size());
  rest = rest.subspan(taken.size());
  return taken;
}

/// Takes a big-endian number off the front, 0 if there are too few bytes.
inline std::uint32_t take32(Bytes& rest) {
  const Bytes taken = take(rest, 4);
  return taken.size() == 4 ? be32(taken.first<4>()) : 0;
}

/// A database, its WAL and its wal-index as one input: two lengths, then the three contents.
struct ThreeFiles {
  Buffer database;
  Buffer wal;
  Buffer shm;

  static ThreeFiles unpack(Bytes input) {
    const std::uint32_t database_size = take32(input);
    const std::uint32_t wal_size = take32(input);
    ThreeFiles files;
    files.database = buffer_of(take(input, database_size));
    files.wal = buffer_of(take(input, wal_size));
    files.shm = buffer_of(input);
    return files;
  }

  Buffer packed() const {
    Buffer input(8);
    test::put_be32(input, 0, static_cast<std::uint32_t>(database.size()));
    test::put_be32(input, 4, static_cast<std::uint32_t>(wal.size()));
    for (const Buffer* file : {&database, &wal, &shm}) {
      input.insert(input.end(), file->begin(), file->end());
    }
    return input;
  }
};

/// Makes a wal-index head pass its checksum, which no mutation would ever do.
inline void believe_wal_index(Buffer& shm) {
  if (shm.size() < kWalIndexHeadSize) return;
  test::put_host32(shm, 0, 3007000);
  test::put_u8(shm, 12, 1);
  test::seal_wal_index(shm);
}

}  // namespace sqlite_exporter::fuzz
