/// What shows that somebody uses a database, where the bytes that SQLite locks show nobody.
///
/// Some builds and modes of SQLite lock elsewhere or not at all: a directory NAME.lock
/// (unix-dotfile), the -wal as a whole (Turso), nothing (unix-none, nolock=1), another machine, a
/// connection that lost its locks. So nobody is called dead, and no database closed, before this
/// was asked.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "collectors/base/result.h"
#include "collectors/linux/file.h"
#include "collectors/linux/open_table.h"
#include "collectors/node.h"

namespace sqlite_exporter {

struct SignsOfLife {
  bool foreign_lock = false;  ///< a lock on one of its files, beside the bytes that SQLite locks
  bool index_lock = false;    ///< one on the wal-index without the dead man's switch
  bool lock_folder = false;   ///< the directory NAME.lock
  /// Processes, by their descriptors. Only of a local filesystem, and of those that may be asked.
  bool open_for_writing = false;    ///< the -wal or the -journal
  bool index_open = false;          ///< the -wal and the -shm, both for writing
  bool file_server = false;         ///< it serves the file to others, whose locks do not get here
  bool holds_deleted_wal = false;   ///< a -wal of this database that has no name any more
  bool writes_deleted_wal = false;  ///< and that was written to since
  /// Looks that saw the -wal changed within the last minutes, with nobody attached and no wal-index
  /// that would know.
  unsigned growths = 0;
  bool asked_all = false;  ///< every process that may write to it could be asked
  /// One that could not be asked may be there and pause: the files were written lately.
  bool may_pause = false;
  int pid = 0;  ///< one of those processes; 0: none
  /// That one was seen before to commit without its locks.
  bool known_without_locks = false;
};

/// What lives from one look to the next.
struct LifeState {
  std::optional<FileStatus> wal;  ///< at the last look, if nobody was attached
  unsigned growths = 0;
  std::chrono::steady_clock::time_point last_growth;
  /// Since when somebody would be accused.
  std::optional<std::chrono::steady_clock::time_point> suspected_since;
  /// The files as they are since when: while nothing is seen and they stay so, nobody has to be
  /// asked again.
  std::optional<FileStatus> database;
  std::chrono::steady_clock::time_point unchanged_since;
  bool quiet = false;
  bool asked_all = false;
  int without_locks = 0;       ///< the pid of a process that commits without its locks; 0: none
  int deleted_wal_writer = 0;  ///< that of one that wrote into a deleted -wal
};

/// The files of one database, that nobody is attached to in WAL mode.
struct LifeQuestion {
  const std::string& path;
  const File& database;
  const FileStatus& status;
  const std::optional<FileStatus>& wal;
  bool accuses = false;  ///< of having died; else it is about calling the database closed
};

/// Costs nothing while the files are as they were when it last saw nothing and nobody is accused;
/// else some opens, and a walk through /proc that all databases of the node share. Nothing is set
/// if the answer is not there yet: then neither may be told. Errors: those of opening a file.
Result<std::optional<SignsOfLife>> signs_of_life(const LifeQuestion& question, const Node& node,
                                                 LifeState& state);

/// Somebody is attached: what was seen before says nothing any more.
void forget_signs(LifeState& state);

}  // namespace sqlite_exporter
