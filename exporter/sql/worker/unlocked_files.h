/// SQLite's unix VFS, but that databases in rollback mode are read without a lock: the application
/// never waits for it. What was read counts only if nobody wrote meanwhile.
#pragma once

#include <cstddef>

struct sqlite3;

namespace sqlite_exporter {

/// The VFS's name. In a URI `image=1` has a database in rollback mode copied into memory in one
/// quiet moment, and read from there.
inline constexpr const char* kUnlockedFiles = "unix-unlocked";

/// The largest database that is copied: some milliseconds of memory's time.
inline constexpr std::size_t kMostImage = std::size_t{16} << 20U;

/// How a connection has read until now.
struct UnlockedReading {
  bool unlocked = false;   ///< the database is in rollback mode: the rest is about it
  bool disturbed = false;  ///< somebody wrote meanwhile: whatever was read, or failed, is void
  bool hot = false;        ///< a crash left a transaction half done
  std::size_t size = 0;    ///< bytes of the database
};

/// Before the first connection, behind `make_files_read_only`. False if there is no memory.
bool add_unlocked_files();

UnlockedReading reading_of(sqlite3* connection);

}  // namespace sqlite_exporter
