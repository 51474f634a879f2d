/// The version of a SQLite library, out of its constants.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sqlite_exporter {

/// The data symbol of every build of SQLite (sqlite3_version of sqlite3.h).
inline constexpr std::string_view kVersionSymbol = "sqlite3_version";

/// 3040001 of "3.40.1", as SQLITE_VERSION_NUMBER; also of "3.8.11.1". Nothing if it is no version
/// of SQLite 3.
std::optional<std::uint32_t> parse_sqlite_version(std::string_view text);

}  // namespace sqlite_exporter
