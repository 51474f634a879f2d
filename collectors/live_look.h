/// What a full look can say of a database that somebody is attached to in WAL mode.
#pragma once

#include "collectors/base/result.h"
#include "collectors/look.h"

namespace sqlite_exporter {

/// The newest page 1, and the wal-index and locks it belongs to. `database` and `shm` are the open
/// files. Errors: busy (a writer was faster than every try), and those of reading.
Result<void> read_live_wal(Look& look, const File& database, const File& shm, LookState& state,
                           StateSet& suspected);

/// Behind the look at the wal-index: has something else than SQLite written to the file?
Result<void> watch_for_overwrites(Look& look, const File& database, OverwriteWatch& watch,
                                  StateSet& suspected);

}  // namespace sqlite_exporter
