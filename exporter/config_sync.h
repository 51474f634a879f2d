/// Validates `[sync]` and its layouts.
#pragma once

#include "collectors/base/result.h"
#include "exporter/config_draft.h"
#include "exporter/sql/config.h"

namespace sqlite_exporter {

/// The query that it stands for. Error: config.
Result<QueryConfig> make_sync(const SyncDraft& draft);

}  // namespace sqlite_exporter
