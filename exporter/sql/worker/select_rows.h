/// The rows of a SELECT of the user's.
#pragma once

#include <vector>

#include "collectors/base/result.h"
#include "exporter/sql/messages.h"

struct sqlite3;

namespace sqlite_exporter {

/// Errors: those of `error_of`; config also for what is not one statement that reads, for a column
/// that is not there and for a value that is no number; limit also for too many rows or too long a
/// result.
Result<std::vector<ResultRow>> select_rows(sqlite3* connection, const StatementRequest& request);

}  // namespace sqlite_exporter
