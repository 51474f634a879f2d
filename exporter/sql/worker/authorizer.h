/// What a statement may do: read.
#pragma once

struct sqlite3;

namespace sqlite_exporter {

/// From now on whatever is prepared on this connection reads tables and views, calls functions and
/// asks a few pragmas that only read the schema; all else is refused when it is prepared.
void allow_only_reading(sqlite3* connection);

}  // namespace sqlite_exporter
