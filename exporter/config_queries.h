/// Validates `[sql]` and the `[[query]]` entries: names as Prometheus wants them, nothing
/// unbounded.
#pragma once

#include <span>

#include "exporter/config.h"
#include "exporter/config_draft.h"

namespace sqlite_exporter {

/// `databases` are those of the same configuration: a label of theirs is not a label of a query.
Result<SqlConfig> make_sql(const ConfigDraft& draft, std::span<const DatabaseConfig> databases);

}  // namespace sqlite_exporter
