/// Paths that discovery leaves alone: `[discovery] exclude`, globs over whole paths.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sqlite_exporter {

/// True if a glob matches all of `path`; here `*` and `?` match slashes and dots, too.
bool is_excluded_itself(std::span<const std::string> globs, std::string_view path);

/// The same of `path` or of a folder it is in.
bool is_excluded(std::span<const std::string> globs, std::string_view path);

}  // namespace sqlite_exporter
