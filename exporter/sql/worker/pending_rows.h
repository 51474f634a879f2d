/// Rows of a table that are newer than its last synchronisation.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "collectors/base/result.h"
#include "exporter/sql/worker/moment.h"

struct sqlite3;

namespace sqlite_exporter {

/// Both as SQL.
struct DatedTable {
  std::string name;
  std::string updated_at;
};

/// Nothing for a name that is no ordinary table's in the schema, and for a table without a stored
/// column `updated_at`. `name` may hold anything. Errors: those of `error_of`; config if the first
/// row that has a value there has no time.
Result<std::optional<DatedTable>> find_dated_table(sqlite3* connection, const std::string& name);

/// Counts rows that are later than `last`, or all if there was none, and no further than one beyond
/// `most`. An index on `updated_at` serves it. Errors: those of `error_of`; config if one of the
/// rows that sort behind `last` has no time.
Result<std::size_t> count_pending_rows(sqlite3* connection, const DatedTable& table,
                                       const std::optional<Moment>& last, std::size_t most);

}  // namespace sqlite_exporter
