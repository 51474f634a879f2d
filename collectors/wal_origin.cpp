#include "collectors/wal_origin.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <optional>

#include "collectors/leftover_wal.h"
#include "collectors/linux/file_times.h"
#include "collectors/sqlite/wal_header.h"
#include "collectors/sqlite/wal_index.h"

namespace sqlite_exporter {

namespace {

constexpr double kLaterBirth = 1;  ///< seconds
/// Seconds between what one rename changes: two reads of the clock, a tick apart at most.
constexpr double kOneRename = 0.01;

bool is_born_later(const std::optional<FileTimes>& database, const std::optional<FileTimes>& wal) {
  return database && wal && database->born && wal->born &&
         *database->born >= *wal->born + kLaterBirth;
}

/// A rename over it keeps its mtime, and changes the ctime and the folder at once: what changed one
/// without the other was a chmod, or a link.
Result<bool> was_moved_here(const std::string& path, const FileTimes& times) {
  const Result<double> folder = folder_modified(path.substr(0, path.rfind('/') + 1));
  if (!folder) return fail(folder.error());
  return std::abs(*folder - times.changed) <= kOneRename;
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
  const std::optional<FileTimes> wal_times = file_times_of(path + "-wal");
  // Born after its own last frame it was copied itself, with its times: so was all of the set.
  const double last_frame = wal.modified + kFileTimesDiffer;
  const bool wal_copied = wal_times && wal_times->born && *wal_times->born > last_frame;
  if (!wal_copied && is_born_later(times, wal_times)) return true;
  const Result<std::optional<File>> file = open_if_there(path + "-wal");
  if (!file) return fail(file.error());
  if (!*file) return false;
  std::array<std::byte, kWalHeaderSize> bytes{};
  const Result<std::size_t> size = (**file).read_at(0, bytes);
  if (!size) return fail(size.error());
  const Result<WalHeader> wal_header = parse_wal_header(Bytes(bytes).first(*size));
  if (!wal_header) return false;
  if (wal_header->page_size != header.page_size) return true;
  bool later = database.modified > last_frame;
  // What was done to the -wal as well (chown -R, cp -a, cp -al) was done to the set.
  if (!later && times && times->changed > last_frame && wal_times &&
      wal_times->changed <= last_frame) {
    const Result<bool> moved = was_moved_here(path, *times);
    if (!moved) return fail(moved.error());
    later = *moved;
  }
  if (!later) return false;
  return was_never_checkpointed(path, wal_header->salts);
}

}  // namespace sqlite_exporter
