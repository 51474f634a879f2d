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
  own_frames,  ///< the same, and the file holds what was checkpointed before them
  foreign,  ///< frames, waiting or not, of another file: the next opener plays all of them into it
  unknown,  ///< telling would take too long a read
};

/// Seconds. File times are as fine as the kernel's tick; and whoever copies a whole folder makes
/// its files one after the other.
inline constexpr double kFileTimesDiffer = 0.05;

/// The last answer, while both files stay as they are.
struct LeftoverCache {
  std::optional<FileStatus> database;
  std::optional<FileStatus> wal;
  Leftover answer = Leftover::unknown;
};

/// The database at `path`, open, and its status; `wal` is that of the -wal beside it, if there is
/// one.
struct LeftBehind {
  const std::string& path;
  const File& file;
  const FileStatus& database;
  const std::optional<FileStatus>& wal;
};

/// Reads at most 4 MiB of both, and that once: while neither changes the answer is remembered in
/// `cache`.
Result<Leftover> leftover_of(const LeftBehind& left, LeftoverCache& cache);

}  // namespace sqlite_exporter
