/// The rows of a SELECT of the user's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "exporter/sql/messages.h"
#include "exporter/sql/worker/statement.h"

namespace sqlite_exporter {

/// Errors: those of `error_of`; config also for what is not one statement that reads.
Result<Statement> prepare_select(sqlite3* connection, std::string_view sql);

/// Where the columns of these names are. Error: config, if one is not there.
Result<std::vector<int>> find_columns(sqlite3_stmt* statement,
                                      const std::vector<std::string>& wanted);

/// Errors: those of `error_of`; config also for what is not one statement that reads, for a column
/// that is not there and for a value that is no number; limit also for too many rows or too long a
/// result.
Result<std::vector<ResultRow>> select_rows(sqlite3* connection, const StatementRequest& request);

}  // namespace sqlite_exporter
