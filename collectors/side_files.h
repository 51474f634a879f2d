/// The files that Turso keeps beside a database: -log of its MVCC mode, -tshm of several processes,
/// -info and -changes of its synchronisation. SQLite knows none of them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sqlite_exporter {

inline constexpr std::array<std::string_view, 4> kSideFileNames = {"changes", "info", "log",
                                                                   "tshm"};

/// Sizes in bytes, as kSideFileNames; not set where there is none, or it cannot be asked.
using SideFiles = std::array<std::optional<std::uint64_t>, kSideFileNames.size()>;

/// Costs a stat for each, so it is asked where Turso wrote the database only.
SideFiles side_files_of(const std::string& database);

}  // namespace sqlite_exporter
