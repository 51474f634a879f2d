/// Bugs of SQLite that the version of who wrote page 1 last has.
#pragma once

#include <cstdint>

#include "collectors/sqlite/database_header.h"

namespace sqlite_exporter {

/// The WAL-reset bug: a checkpoint that meets a reset of the WAL takes frames for checkpointed that
/// are not, and their content is lost (https://www.sqlite.org/wal.html#walresetbug). It came with
/// WAL mode in 3.7.0 and went with 3.51.3; 3.44.6 and 3.50.7 are repaired releases of older lines.
/// `sqlite_version_number` is that of DatabaseHeader: 3040001 is 3.40.1, and 0 (unknown) has none.
constexpr bool has_wal_reset_bug(std::uint32_t sqlite_version_number) {
  const auto is_from_to = [=](std::uint32_t first, std::uint32_t last) {
    return sqlite_version_number >= first && sqlite_version_number <= last;
  };
  const bool repaired = is_from_to(3044006, 3044999) || is_from_to(3050007, 3050999);
  return is_from_to(3007000, 3051002) && !repaired;
}

/// Turso is other code, and stamps a version of its own.
constexpr bool has_wal_reset_bug(const DatabaseHeader& header) {
  return !header.by_turso && has_wal_reset_bug(header.sqlite_version_number);
}

}  // namespace sqlite_exporter
