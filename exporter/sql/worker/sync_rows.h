/// What the tables say in which an application keeps how far it is synchronised.
#pragma once

#include "collectors/base/result.h"
#include "exporter/sql/messages.h"

struct sqlite3;

namespace sqlite_exporter {

/// The newest row of each table and peer, in their order; none where there is no such table. What
/// cannot be read or counted is left out, and the first of it told as the shortfall. `request.sync`
/// is set. Errors as `error_of`; config also for a layout of the user's whose column is not there,
/// limit for more tables and peers than `max_rows` or than 1 MiB can hold.
Result<StatementResult> sync_rows(sqlite3* connection, const StatementRequest& request);

}  // namespace sqlite_exporter
