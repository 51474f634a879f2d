/// Sees to it that SQLite, in this process, can neither create, change nor remove a file, and gets
/// those that it reads from the daemon.
#pragma once

#include <string>

#include "exporter/sql/worker/handed_files.h"

namespace sqlite_exporter {

/// By SQLite's own hooks below its unix VFS, so on every kernel: a connection with mode=ro alone
/// creates -wal and -shm beside a database that was closed cleanly, with our uid, and the
/// application then fails to write. Before the first connection. `socket` is the one
/// of `HandedFiles`. False if the hooks are not there.
bool make_files_read_only(int socket);

/// Where they come from.
const HandedFiles& handed_files();

/// From now on SQLite finds the files of this database alone; `database` is a realpath.
void read_only_files_of(const std::string& database);

}  // namespace sqlite_exporter
