#include "collectors/wal_origin.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "collectors/linux/file_times.h"
#include "collectors/sqlite/wal_header.h"
#include "collectors/sqlite/wal_index.h"

namespace sqlite_exporter {

namespace {

/// Seconds. File times are as fine as the kernel's tick; and whoever copies a whole folder makes
/// its files one after the other.
constexpr double kTimesDiffer = 0.05;
constexpr double kLaterBirth = 1;

bool is_born_later(const std::optional<FileTimes>& database, const std::optional<FileTimes>& wal) {
  return database && wal && database->born && wal->born &&
         *database->born >= *wal->born + kLaterBirth;
}

/// A recovery sets nBackfillAttempted to the last frame it finds, and forgets what was
/// checkpointed.
Result<bool> was_never_checkpointed(const std::string& path, const WalSalts& salts) {
  const Result<std::optional<File>> shm = open_if_there(path + "-shm");
  if (!shm) return fail(shm.error());
  if (!*shm) return false;
  const Result<WalIndex> index = read_wal_index(**shm);
  return index && index->salts == salts && index->mx_frame > 0 && index->n_backfill == 0 &&
         index->n_backfill_attempted == 0;
}

}  // namespace

Result<bool> wal_may_be_of_another_file(const std::string& path, const FileStatus& database,
                                        const DatabaseHeader& header, const FileStatus& wal) {
  const std::optional<FileTimes> times = file_times_of(path);
  if (is_born_later(times, file_times_of(path + "-wal"))) return true;
  const Result<std::optional<File>> file = open_if_there(path + "-wal");
  if (!file) return fail(file.error());
  if (!*file) return false;
  std::array<std::byte, kWalHeaderSize> bytes{};
  const Result<std::size_t> size = (**file).read_at(0, bytes);
  if (!size) return fail(size.error());
  const Result<WalHeader> wal_header = parse_wal_header(Bytes(bytes).first(*size));
  if (!wal_header) return false;
  if (wal_header->page_size != header.page_size) return true;
  // A rename over it keeps its mtime, and not its ctime.
  const double changed = std::max(database.modified, times ? times->changed : 0);
  if (changed <= wal.modified + kTimesDiffer) return false;
  return was_never_checkpointed(path, wal_header->salts);
}

}  // namespace sqlite_exporter
