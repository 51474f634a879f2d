/// What waits beside a database that is empty or gone: a -wal or a -journal of the one that was.
#pragma once

#include <string>

#include "collectors/base/result.h"
#include "collectors/database_state.h"

namespace sqlite_exporter {

/// The next connection deletes both unread, as no database without content has any: committed
/// frames (`wal_mismatched`), and a journal with pages of a database that had some (`hot_journal`).
/// Nobody has it open. A first transaction that was not committed leaves a journal of no pages, and
/// is none of that. Errors: those of reading.
Result<StateSet> waiting_beside_nothing(const std::string& path);

}  // namespace sqlite_exporter
