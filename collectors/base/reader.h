/// The one seam at the system boundary: bytes at an offset, from a file or from a test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "collectors/base/result.h"

namespace sqlite_exporter {

class Reader {
 public:
  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  virtual ~Reader() = default;

  /// Fills `into` from `offset` and returns how many bytes were there: fewer than asked for only at
  /// the end of the file, 0 beyond it. Safe from several threads at once (it is one `pread`).
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const = 0;
};

}  // namespace sqlite_exporter
