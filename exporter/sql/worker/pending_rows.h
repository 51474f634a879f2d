/// Rows of a table that are newer than its last synchronisation.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "collectors/base/result.h"
#include "exporter/sql/worker/moment.h"

struct sqlite3;

namespace sqlite_exporter {

/// Counts rows whose `updated_at` is later than `last`, or all if there was none, and no further
/// than one beyond `most`. Nothing for a name that is no ordinary table's in the schema, for a
/// table without `updated_at`, or if its first row has no time there. `table` may hold anything.
/// Errors as `error_of`.
Result<std::optional<std::size_t>> count_pending_rows(sqlite3* connection, const std::string& table,
                                                      const std::optional<Moment>& last,
                                                      std::size_t most);

}  // namespace sqlite_exporter
