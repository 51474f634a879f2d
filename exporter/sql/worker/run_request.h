/// One request on one database, from its opening to its close.
#pragma once

#include "collectors/base/result.h"
#include "exporter/sql/messages.h"

namespace sqlite_exporter {

/// Errors: those of `error_of`, `select_rows` and `sync_rows`.
Result<StatementResult> run_request(const StatementRequest& request);

}  // namespace sqlite_exporter
