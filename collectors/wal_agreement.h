/// Whether the -wal at the path is the one that its live wal-index describes.
#pragma once

#include <cstdint>
#include <optional>

#include "collectors/base/result.h"
#include "collectors/linux/file.h"
#include "collectors/sqlite/wal_index.h"

namespace sqlite_exporter {

/// A -wal that was found to be the one of its wal-index, and the moment of both.
struct WholeWal {
  FileStatus file;
  WalSalts salts;
  std::uint32_t mx_frame = 0;
};

/// The file does not end before the last frame that is committed, of which there is one.
bool is_long_enough(const FileStatus& status, const WalIndex& index);

/// True if frames are committed (mxFrame > 0) and the -wal is absent, ends before the last of them,
/// or begins as another generation: it was deleted, cut or exchanged under the applications that
/// have it open. A writer that starts the WAL over writes its header before mxFrame leaves 0, and
/// TRUNCATE sets mxFrame to 0 before it cuts: so this holds for no moment of either, if the
/// wal-index has the same salts behind it as before. A header that is not of SQLite's format says
/// nothing: some VFS encrypt it. `status` is that of the -wal a moment before; what was `whole`
/// then and has not changed is not read again. Errors: those of reading.
Result<bool> wal_is_lost(const std::optional<File>& wal, const std::optional<FileStatus>& status,
                         const WalIndex& index, std::optional<WholeWal>& whole);

}  // namespace sqlite_exporter
