/// What a sample sees of a database that nobody is attached to in WAL mode.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "collectors/base/result.h"
#include "collectors/held_locks.h"
#include "collectors/linux/file.h"
#include "collectors/rollback.h"
#include "collectors/sqlite/database_header.h"

namespace sqlite_exporter {

/// One moment of a database that nobody is attached to in WAL mode.
struct UnattachedMoment {
  std::optional<JournalMode> journal_mode;      ///< of a plain database
  std::optional<std::uint32_t> change_counter;  ///< what a commit in rollback mode moves
  std::uint32_t pages = 0;                      ///< as the header says,
  std::uint32_t free_pages = 0;                 ///< and how many of them are in no use
  DatabaseLocks locks;
  bool wal_empty = false;   ///< nobody has it open, and it is in WAL mode without anything in it
  JournalContent journal;   ///< asked for only where one process keeps all others out
  bool wal_absent = false;  ///< likewise, in WAL mode
};

/// The locks, and the part of the header that says which files and locks matter; empty if there is
/// no such file. `path` is a realpath, of a file of `owner`'s. Errors as `File::open`.
Result<UnattachedMoment> read_unattached(const std::string& path, RequiredOwner owner);

}  // namespace sqlite_exporter
