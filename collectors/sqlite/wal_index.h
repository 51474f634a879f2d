/// The head of a -shm file (the wal-index), read so that a torn one is never believed.
///
/// Host byte order, but for the salts, which are the big-endian bytes of the WAL header:
///
///     0  4  iVersion 3007000                    48  48  second copy of bytes 0..47
///     4  4  unused                              96   4  nBackfill: frames checkpointed
///     8  4  iChange: +1 a write transaction    100  20  aReadMark[5], 0xffffffff unused
///    12  1  isInit                             120   8  lock bytes WRITE CKPT RECOVER READ0..READ4
///    13  1  bigEndCksum                        128   4  nBackfillAttempted; its first byte is also
///    14  2  szPage (x&0xfe00)+((x&1)<<16)               the lock byte of the dead man's switch
///    16  4  mxFrame: last committed frame      132   4  unused
///    20  4  nPage: database size in pages
///    24  8  aFrameCksum
///    32  8  aSalt
///    40  8  aCksum of bytes 0..39
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "collectors/base/bytes.h"
#include "collectors/base/reader.h"
#include "collectors/base/result.h"
#include "collectors/sqlite/wal_header.h"

namespace sqlite_exporter {

inline constexpr std::size_t kWalIndexHeadSize = 136;
inline constexpr std::uint32_t kUnusedReadMark = 0xffffffff;

/// One moment of the wal-index. The names are SQLite's own.
struct WalIndex {
  std::uint32_t i_change = 0;   ///< wraps; restarts at 0 when the last connection has closed
  std::uint32_t page_size = 0;  ///< bytes; 0 while no frame was ever written
  std::uint32_t mx_frame = 0;
  std::uint32_t n_page = 0;
  WalSalts salts;
  std::uint32_t n_backfill = 0;
  std::uint32_t n_backfill_attempted = 0;
  std::array<std::uint32_t, 5> read_mark{};
  friend bool operator==(const WalIndex&, const WalIndex&) = default;
};

/// Decodes one read of the head. Errors: no_data (not initialised), busy (the two copies differ,
/// the checksum is wrong, or nBackfill lies above mxFrame: a writer is in between), unsupported,
/// corrupt (a page size that cannot be).
Result<WalIndex> parse_wal_index(FixedBytes<kWalIndexHeadSize> bytes);

/// The last head that was read consistently, as bytes and decoded.
struct WalIndexCache {
  std::array<std::byte, kWalIndexHeadSize> bytes{};
  std::optional<WalIndex> index;
};

/// The consistent read: the head is read twice and both headers must be valid and equal, which ties
/// nBackfill and the read marks to the same generation; else it is tried again, at most `attempts`
/// times. Needed: 0 retries in 800 samples at 2,000 transactions a second.
/// Errors: no_data (shorter than its head: SQLite is creating or recovering it), busy, unsupported,
/// corrupt, and the reader's own.
Result<WalIndex> read_wal_index(const Reader& shm, int attempts = 20);

/// The same; but where nothing has changed since the last time one read is enough to know it.
Result<WalIndex> read_wal_index(const Reader& shm, WalIndexCache& cache, int attempts = 20);

}  // namespace sqlite_exporter
