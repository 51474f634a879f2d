#include "collectors/wal_origin.h"

#include <array>
#include <cstddef>
#include <optional>

#include "collectors/linux/birth_time.h"
#include "collectors/sqlite/wal_header.h"
#include "collectors/sqlite/wal_index.h"

namespace sqlite_exporter {

namespace {

/// Seconds. File times are as fine as the kernel's tick; and whoever copies a whole folder makes
/// its files one after the other.
constexpr double kTick = 0.05;
constexpr double kLaterBirth = 1;

bool is_born_later(const std::string& path) {
  const std::optional<double> database = birth_time_of(path);
  const std::optional<double> wal = birth_time_of(path + "-wal");
  return database && wal && *database >= *wal + kLaterBirth;
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
  if (is_born_later(path)) return true;
  const Result<std::optional<File>> file = open_if_there(path + "-wal");
  if (!file) return fail(file.error());
  if (!*file) return false;
  std::array<std::byte, kWalHeaderSize> bytes{};
  const Result<std::size_t> size = (**file).read_at(0, bytes);
  if (!size) return fail(size.error());
  const Result<WalHeader> wal_header = parse_wal_header(Bytes(bytes).first(*size));
  if (!wal_header) return false;
  if (wal_header->page_size != header.page_size) return true;
  if (database.modified <= wal.modified + kTick) return false;
  return was_never_checkpointed(path, wal_header->salts);
}

}  // namespace sqlite_exporter
