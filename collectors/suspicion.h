/// What locks that do not fit together let suspect: somebody lost his, or writes into other files.
#pragma once

#include "collectors/base/result.h"
#include "collectors/database_state.h"
#include "collectors/linux/file.h"
#include "collectors/look.h"
#include "collectors/node.h"

namespace sqlite_exporter {

/// A connection in WAL mode holds SHARED on the database for as long as the switch on -shm. Adds
/// the states that one look suspects; the next has to agree. `database` is the open file of `look`.
Result<void> suspect_locks(const Look& look, const File& database, const Node& node,
                           StateSet& suspected);

}  // namespace sqlite_exporter
