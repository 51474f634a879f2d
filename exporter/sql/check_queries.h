/// Whether the worker would run the configured statements at all: asked of a worker, because no
/// other process has SQLite.
#pragma once

#include <span>
#include <string>

#include "collectors/base/result.h"
#include "exporter/sql/config.h"

namespace sqlite_exporter {

/// `places` says where the statements of `queries` were written, one for each that is no `[sync]`;
/// no database is opened. Errors: config, one sentence on the first that is refused; others if
/// there was no worker to be asked. Has a loop of its own.
Result<void> check_queries(std::span<const QueryConfig> queries,
                           std::span<const std::string> places);

}  // namespace sqlite_exporter
