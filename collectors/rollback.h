/// Whether the database file of a rollback-mode database holds committed content right now.
#pragma once

#include <string>

#include "collectors/base/result.h"
#include "collectors/linux/file.h"

namespace sqlite_exporter {

/// False while a writer holds the EXCLUSIVE lock (it may be writing pages it has not committed) and
/// while a hot journal waits to be rolled back. `database` is the open file at `path`.
Result<bool> holds_committed_content(const File& database, const std::string& path);

}  // namespace sqlite_exporter
