/// Validates the `[[database]]` entries: their paths, unique names, labels nobody else uses.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "exporter/config.h"
#include "exporter/config_draft.h"

namespace sqlite_exporter {

Result<std::vector<DatabaseConfig>> make_databases(
    const ConfigDraft& draft, std::span<const std::string_view> reserved_labels);

}  // namespace sqlite_exporter
