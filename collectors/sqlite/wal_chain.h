/// What a WAL that nobody has open would bring back: its chain of valid frames, followed as SQLite
/// follows it in a recovery.
///
/// The chain begins at frame 1 and ends before the first frame that is cut off, has the page number
/// 0, other salts than the header, or a wrong checksum: each checksum goes on from the one before.
/// Frames count up to the last commit frame within the chain. While an application has the WAL open
/// the wal-index says all this, and the chain may change under the reads.
#pragma once

#include <cstdint>

#include "collectors/base/reader.h"
#include "collectors/base/result.h"
#include "collectors/sqlite/wal_header.h"

namespace sqlite_exporter {

enum class Pending : std::uint8_t { none, some, unknown };

/// Is there a committed frame beyond `after_frame` (0: any at all)? `after_frame` belongs to the
/// generation that the header of the WAL names, as nBackfill does if the wal-index has its salts.
/// Unknown if 4 MiB of frames did not tell. An empty or invalid header is none, as for SQLite, but
/// a frame lost to bit rot is lost with all behind it, and none as well.
/// Errors: unsupported (a format version, at which SQLite stops too), and the reader's own.
Result<Pending> committed_frames_beyond(const Reader& wal, std::uint32_t after_frame);

/// Is this frame a commit frame of the generation `salts`? One read of 24 bytes, for a wal-index
/// that was left behind and may not fit its WAL any more. It trusts the checksums, and that the
/// header of the WAL has these salts.
Result<bool> holds_frame(const Reader& wal, const WalSalts& salts, std::uint32_t page_size,
                         std::uint32_t frame);

}  // namespace sqlite_exporter
