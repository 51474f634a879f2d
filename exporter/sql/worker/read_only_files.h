/// Sees to it that SQLite, in this process, can neither create, change nor remove a file.
#pragma once

namespace sqlite_exporter {

/// By SQLite's own hooks below its unix VFS, so on every kernel: a connection with mode=ro alone
/// creates -wal and -shm beside a database that was closed cleanly, with our uid, and the
/// application then fails to write. Before the first connection. False if the hooks are not there.
bool make_files_read_only();

}  // namespace sqlite_exporter
