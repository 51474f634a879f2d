/// What the tables say in which an application keeps how far it is synchronised.
#pragma once

#include "collectors/base/result.h"
#include "exporter/sql/messages.h"

struct sqlite3;

namespace sqlite_exporter {

struct Deadline;

/// The newest row of each table and peer, in their order; none where there is no such table. What
/// one layout, row or table costs is left out, and the first of it told as the shortfall: columns
/// that are not there, what is no time, more than `max_rows` or than 1 MiB can hold, and what takes
/// more than its share of the time until `deadline`. `request.sync` is set. Errors as `error_of`.
Result<StatementResult> sync_rows(sqlite3* connection, const StatementRequest& request,
                                  Deadline& deadline);

}  // namespace sqlite_exporter
