/// Whether a WAL that nobody has open holds committed frames that are not in the database yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "collectors/base/result.h"
#include "collectors/linux/file.h"

namespace sqlite_exporter {

enum class Leftover : std::uint8_t {
  nothing,  ///< no frames, or all of them are in the database: a clean close, with PERSIST_WAL say
  frames,   ///< the next opener recovers them: a crash, or a close without a checkpoint
  unknown,  ///< telling would take too long a read
};

/// The last answer, while both files stay as they are.
struct LeftoverCache {
  std::optional<FileStatus> database;
  std::optional<FileStatus> wal;
  Leftover answer = Leftover::unknown;
};

/// `wal` is the status of the -wal beside the database at `path`, if there is one. Reads at most
/// 4 MiB of it, and that once: while neither changes the answer is remembered in `cache`.
Result<Leftover> leftover_of(const std::string& path, const FileStatus& database,
                             const std::optional<FileStatus>& wal, LeftoverCache& cache);

}  // namespace sqlite_exporter
