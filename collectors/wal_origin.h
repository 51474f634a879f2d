/// Whether a WAL that waits may belong to another file than the one that lies beside it now.
#pragma once

#include <string>

#include "collectors/base/result.h"
#include "collectors/linux/file.h"
#include "collectors/sqlite/database_header.h"

namespace sqlite_exporter {

/// A backup that was put in place while the -wal of the old file stayed: the next connection would
/// write the old frames over it. Told by what can be told without the pages (`leftover_of` asks
/// those):
/// - the database came into being a second or more after its -wal;
/// - it was written, or moved into its place, after the last frame, although its wal-index says
///   that there never was a checkpoint of this WAL, and no recovery either;
/// - the two have other page sizes.
/// A hint and no proof: a folder that was copied file by file may look so. Whoever copies it with
/// its times (`cp -a`, `tar`), or changes owners and modes, is not accused. `wal` is the status of
/// the -wal. Errors: those of reading.
Result<bool> wal_may_be_of_another_file(const std::string& path, const FileStatus& database,
                                        const DatabaseHeader& header, const FileStatus& wal);

}  // namespace sqlite_exporter
