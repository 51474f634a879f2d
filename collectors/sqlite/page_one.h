/// The newest committed page 1 of a database in WAL mode, found through the wal-index hash.
///
/// The -shm file is a row of 32 KiB blocks, in host byte order. Block 0 holds the 136-byte head,
/// then aPgno[4062] (the page number of frames 1..4062), then at 16384 a hash table of 8192 u16
/// slots; block k > 0 holds aPgno[4096] at 0 and its table at 16384. A page hashes to
/// (pgno * 383) & 8191; slots are probed linearly until 0; a slot is an index (from 1) into aPgno.
#pragma once

#include <cstddef>
#include <cstdint>

#include "collectors/base/reader.h"
#include "collectors/base/result.h"
#include "collectors/sqlite/database_header.h"
#include "collectors/sqlite/wal_index.h"

namespace sqlite_exporter {

/// The newest frame of `page_number` that `index` has committed, 0 if the WAL holds none.
/// Errors: busy (the file ends too early: recovery truncates it and grows it again), corrupt (no
/// empty slot in a whole table, a slot beyond aPgno), limit (over 67 million frames), and the
/// reader's own.
Result<std::uint32_t> newest_frame_of_page(const Reader& shm, const WalIndex& index,
                                           std::uint32_t page_number);

/// The header in the newest page 1: from its WAL frame, or from the database file if the WAL holds
/// none. `index` must still be the current wal-index afterwards, else the read is repeated by the
/// caller with a fresh one. Errors: busy (the frame is gone, or its salts or page number are not
/// the expected ones), and those of the search and of parse_database_header.
Result<DatabaseHeader> read_newest_page_one(const Reader& database, const Reader& wal,
                                            const Reader& shm, const WalIndex& index);

}  // namespace sqlite_exporter
