/// `sqlite_exporter sql-worker`: the only code of this program that opens SQLite databases.
#pragma once

#include <string>

namespace sqlite_exporter {

/// Takes requests on standard input and answers each on standard output, until the input ends; one
/// at a time. Files are asked for at the socket `kHandedFilesSocket`. Returns the exit code. A
/// process that ran it is good for nothing else. `procfs` is the node's.
int run_sql_worker(const std::string& procfs);

}  // namespace sqlite_exporter
