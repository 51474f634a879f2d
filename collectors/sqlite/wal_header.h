/// The 32-byte header of a -wal file and the 24-byte header of each of its frames.
///
/// Big-endian (https://www.sqlite.org/fileformat2.html, section 4.1):
///
///     WAL header                               frame n (from 1) at 32 + (n-1) * (24 + page size)
///     0  4  magic 0x377f0682 (checksums in     0  4  page number
///           little-endian) or ..83 (big)       4  4  size in pages after the commit, 0: no commit
///     4  4  format version 3007000             8  4  salt-1   equal to the header's, or the frame
///     8  4  page size                         12  4  salt-2   belongs to an older generation
///    12  4  checkpoint sequence (per          16  8  checksum of the header's first 24 bytes and,
///           connection: of no use)                   for each frame up to this one, of its first
///    16  4  salt-1 (+1 at each reset)                8 bytes and its page
///    20  4  salt-2 (random at each reset)
///    24  8  checksum of the first 24 bytes
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "collectors/base/bytes.h"
#include "collectors/base/result.h"
#include "collectors/sqlite/wal_checksum.h"

namespace sqlite_exporter {

inline constexpr std::size_t kWalHeaderSize = 32;
inline constexpr std::size_t kFrameHeaderSize = 24;
/// Of the WAL and of the wal-index alike, and the only one there has been.
inline constexpr std::uint32_t kWalFormatVersion = 3007000;

/// Two numbers that name one generation of a WAL.
struct WalSalts {
  std::uint32_t salt1 = 0;
  std::uint32_t salt2 = 0;
  friend bool operator==(const WalSalts&, const WalSalts&) = default;
};

struct WalHeader {
  std::uint32_t page_size = 0;
  WalSalts salts;
  std::endian checksum_order = std::endian::native;  ///< of the integers that checksums add up
  WalChecksum checksum{};                            ///< what that of frame 1 goes on from
};

struct FrameHeader {
  std::uint32_t page_number = 0;
  std::uint32_t commit_page_count = 0;  ///< 0 unless this frame ends a transaction
  WalSalts salts;
  WalChecksum checksum{};
};

/// Errors: corrupt (short, magic, page size, checksum), unsupported (format version).
Result<WalHeader> parse_wal_header(Bytes bytes);

/// A frame header says nothing about itself: it counts only if its salts are the expected ones.
FrameHeader parse_frame_header(FixedBytes<kFrameHeaderSize> bytes);

/// Byte offset of frame `frame` (from 1) in the -wal file.
constexpr std::uint64_t frame_offset(std::uint32_t frame, std::uint32_t page_size) {
  return kWalHeaderSize + (std::uint64_t{frame} - 1) * (kFrameHeaderSize + page_size);
}

}  // namespace sqlite_exporter
