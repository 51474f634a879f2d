/// Where a symbolic link leads, and what those of procfs say that lead to nothing.
#pragma once

#include <string>
#include <string_view>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// Behind the target of a link in procfs whose file has no name any more.
inline constexpr std::string_view kDeleted = " (deleted)";

/// The target as the link has it, not resolved. Errors: as `error_from_errno`.
Result<std::string> read_link(const std::string& link);

}  // namespace sqlite_exporter
