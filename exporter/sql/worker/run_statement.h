/// One SELECT on one database, from its opening to its close.
#pragma once

#include "collectors/base/result.h"
#include "exporter/sql/messages.h"

namespace sqlite_exporter {

/// Reads and closes. Errors: those of `error_of`; config also for what is not one statement that
/// reads, for a column that is not there and for a value that is no number; limit also for too many
/// rows or too long a result.
Result<StatementResult> run_statement(const StatementRequest& request);

}  // namespace sqlite_exporter
