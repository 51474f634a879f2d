/// Whether a WAL and a database file belong together, by their pages.
///
/// A checkpoint copies of each page its newest frame, if that lies within what it may copy, so the
/// file holds the newest image of each page that no frame beyond nBackfill has. A restored file
/// does not. A recovery ignores nBackfill, and plays all frames into whatever file lies there.
#pragma once

#include <cstdint>

#include "collectors/base/reader.h"
#include "collectors/base/result.h"
#include "collectors/sqlite/wal_index.h"

namespace sqlite_exporter {

enum class WalFit : std::uint8_t { unknown, fits, differs };

/// Does the file hold what `index`, which was left beside this WAL, says was copied into it? Looks
/// at the last eight pages before nBackfill; those of another size than the WAL's differ. Unknown
/// where nothing was copied, where more than 4,096 frames lie behind, and of what is no plain
/// database. The bytes that a page reserves are left out: checksums and nonces lie there. Of a WAL
/// that is being written the answer counts if the next one is the same.
Result<WalFit> fit_of_checkpointed(const Reader& database, const Reader& wal,
                                   const WalIndex& index);

/// Does the file hold the image of any frame? Whoever wrote into it after the last frame was a
/// checkpoint, and then it does. Unknown if 4 MiB of frames did not tell.
Result<WalFit> fit_of_any_frame(const Reader& database, const Reader& wal);

}  // namespace sqlite_exporter
