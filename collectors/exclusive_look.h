/// What a full look can say of a database that one connection keeps for itself.
#pragma once

#include "collectors/base/result.h"
#include "collectors/look.h"

namespace sqlite_exporter {

/// The header of a database that one process keeps for itself, where it is known to be committed:
/// in WAL mode the newest page 1 that the sampler has followed, in rollback mode that of the file
/// while no journal is in use. Else nothing is set. `database` is the open file.
Result<void> read_exclusive_header(Look& look, const File& database);

/// rollback_exclusive once two looks agree, until then rollback_active.
void tell_rollback_exclusive(Look& look, StateSet suspected_before, StateSet& suspected);

/// Commits cannot be counted: one process keeps all others out, and neither the file nor a WAL
/// that is followed says how many there are; or the database is open, and its wal-index is not
/// beside it; or it is encrypted, and was never seen in WAL mode; or its format is a newer one.
bool hides_commits(const Look& look);

}  // namespace sqlite_exporter
