/// The full look: everything one pass reads of a database, once, for all collectors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "collectors/base/result.h"
#include "collectors/change_counter.h"
#include "collectors/linux/file.h"
#include "collectors/linux/mount_table.h"
#include "collectors/sample.h"
#include "collectors/sqlite/database_header.h"
#include "collectors/sqlite/wal_index.h"

namespace sqlite_exporter {

/// What the bytes at the path are, before any question of locks.
enum class FileKind : std::uint8_t { absent, empty, database, not_a_database, corrupt_header };

/// One moment of one database. What could not be known is not set.
struct Look {
  std::string path;  ///< realpath, or as configured while it is absent
  const Mount* mount = nullptr;
  Sample sample;
  std::uint64_t rollback_transactions = 0;
  bool wal_seen = false;  ///< it has been in WAL mode under our eyes, now or earlier

  FileKind kind = FileKind::absent;
  std::optional<FileStatus> database;
  std::optional<FileStatus> wal;
  bool attached = false;                      ///< somebody holds the dead man's switch
  std::optional<WalIndex> index;              ///< only while attached: else it is a leftover
  std::optional<DatabaseHeader> main_header;  ///< page 1 of the file itself; stale in WAL mode
  /// The newest committed page 1. Not set while a commit is being written into the file, after a
  /// crash that left a journal or a WAL behind, and where the file holds no database.
  std::optional<DatabaseHeader> header;
};

/// What lives from one full look to the next. Used by one job at a time.
struct LookState {
  ChangeCounter change_counter;
  bool wal_seen = false;
};

/// Opens, reads and closes; at most 20 us without retries. Blocks as long as the filesystem does.
/// Errors: denied, busy (a writer was faster than every retry), io, limit, unsupported (not a
/// file).
Result<Look> take_look(const std::string& path, const Mount* mount, Sample sample,
                       LookState& state);

}  // namespace sqlite_exporter
