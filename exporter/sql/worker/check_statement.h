/// Whether the worker would ever run a statement, told without a database.
#pragma once

#include "collectors/base/result.h"
#include "exporter/sql/messages.h"

namespace sqlite_exporter {

/// Prepares a SELECT, and runs it, on an empty database in memory, under the rules for all others.
/// Only what fails on every database is an error, config: tables and columns may be anywhere.
Result<void> check_statement(const StatementRequest& request);

}  // namespace sqlite_exporter
