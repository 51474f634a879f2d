/// How much a database is in use, for the choice where `max_databases` leaves room for some only.
#pragma once

#include <cstdint>
#include <string>

#include "collectors/linux/file.h"

namespace sqlite_exporter {

/// What discovery sees of a file that is new to it, the surest sign first. A connection in WAL mode
/// holds a lock all its life, one in rollback mode in its transactions only.
enum class Use : std::uint8_t {
  locked,      ///< somebody holds locks of SQLite's on it
  companions,  ///< a -wal, -shm or -journal lies beside it: somebody has it open, or crashed
  unseen,
};

/// Of an open database file at `path`. What cannot be asked is unseen.
Use use_of(const File& database, const std::string& path);

/// A database that was in use within so many seconds is no idle one.
inline constexpr double kIdleAfter = 3600;

}  // namespace sqlite_exporter
