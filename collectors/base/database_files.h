/// The files that SQLite puts beside a database, told by their names alone.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace sqlite_exporter {

inline constexpr std::array<std::string_view, 3> kEndsBesideDatabase = {"-wal", "-shm", "-journal"};

/// The database that a -wal, -shm or -journal belongs to; nothing if the name has no such ending.
inline std::optional<std::string_view> database_beside(std::string_view path) {
  for (const std::string_view ending : kEndsBesideDatabase) {
    if (path.ends_with(ending)) return path.substr(0, path.size() - ending.size());
  }
  return std::nullopt;
}

}  // namespace sqlite_exporter
