/// What a full look can say of a database that nobody is attached to in WAL mode: in rollback mode,
/// closed, left behind, kept by one connection, or used without SQLite's own locks.
#pragma once

#include "collectors/base/result.h"
#include "collectors/look.h"

namespace sqlite_exporter {

/// `database` is the open file; the locks and the head of `look` are set. Errors: those of reading.
Result<void> read_unattached(Look& look, const File& database, const Node& node, LookState& state,
                             StateSet& suspected);

}  // namespace sqlite_exporter
