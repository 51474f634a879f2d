/// The applications that `sqlite_exporter demo` watches: separate processes that use real SQLite.
#pragma once

#include <string>
#include <string_view>

namespace sqlite_exporter {

/// The whole life of one such process: opens the database at `path`, prints "ready" once its state
/// is as `kind` says, writes a few times a second, and closes it at the end of standard input or at
/// SIGTERM. SIGINT is left to the parent, because Ctrl-C in a terminal reaches the children too.
///
/// Kinds are those of `find_application_kind`; a transaction that one holds open is rolled back at
/// its end. Returns an exit code: 0, 1 after an error of SQLite, 2 for an unknown kind; the reason
/// is one line on standard error.
int run_demo_application(std::string_view kind, const std::string& path);

}  // namespace sqlite_exporter
