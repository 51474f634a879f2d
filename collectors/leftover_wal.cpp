#include "collectors/leftover_wal.h"

#include <array>
#include <utility>

#include "collectors/sqlite/wal_chain.h"
#include "collectors/sqlite/wal_fit.h"
#include "collectors/sqlite/wal_header.h"
#include "collectors/sqlite/wal_index.h"

namespace sqlite_exporter {

namespace {

/// The wal-index that was left behind, where it belongs to this WAL. It is a shortcut: a recovery
/// does not read it, but what it calls checkpointed is in the database.
Result<std::optional<WalIndex>> leftover_index(const std::string& database, const File& wal) {
  const Result<std::optional<File>> shm = open_if_there(database + "-shm");
  if (!shm) return fail(shm.error());
  if (!*shm) return std::nullopt;
  const Result<WalIndex> index = read_wal_index(**shm);
  if (!index) return std::nullopt;

  std::array<std::byte, kWalHeaderSize> bytes{};
  const Result<std::size_t> size = wal.read_at(0, bytes);
  if (!size) return fail(size.error());
  const Result<WalHeader> header = parse_wal_header(Bytes(bytes).first(*size));
  if (!header || header->salts != index->salts) return std::nullopt;
  return *index;
}

/// `index` belongs to the WAL.
Result<Leftover> leftover_beyond(const File& wal, const std::optional<WalIndex>& index) {
  std::uint32_t checkpointed = 0;
  if (index) {
    checkpointed = index->n_backfill;
    if (checkpointed < index->mx_frame) {
      const Result<bool> last = holds_frame(wal, index->salts, index->page_size, index->mx_frame);
      if (!last) return fail(last.error());
      if (*last) return Leftover::frames;
    }
    // Else after a power cut it may be older than the WAL, which SQLite syncs and this it does not.
  }
  const Result<Pending> pending = committed_frames_beyond(wal, checkpointed);
  if (!pending) return fail(pending.error());
  switch (*pending) {
    case Pending::none: return Leftover::nothing;
    case Pending::some: return Leftover::frames;
    case Pending::unknown: return Leftover::unknown;
  }
  return Leftover::unknown;
}

/// What was checkpointed is in a file that belongs to the WAL. Where nobody knows what was, one
/// that was written after the last frame was written by a checkpoint.
Result<WalFit> fit_of(const LeftBehind& left, const File& wal,
                      const std::optional<WalIndex>& index) {
  if (index) {
    const Result<WalFit> fit = fit_of_checkpointed(left.file, wal, *index);
    if (!fit || *fit != WalFit::unknown) return fit;
  }
  if (left.database.modified <= left.wal->modified + kFileTimesDiffer) return WalFit::unknown;
  Result<WalFit> any = fit_of_any_frame(left.file, wal);
  // An old file may hold some of them as well.
  if (any && *any == WalFit::fits) return WalFit::unknown;
  return any;
}

Result<Leftover> read_leftover(const LeftBehind& left) {
  const Result<std::optional<File>> wal = open_if_there(left.path + "-wal");
  if (!wal) return fail(wal.error());
  if (!*wal) return Leftover::nothing;
  const Result<std::optional<WalIndex>> index = leftover_index(left.path, **wal);
  if (!index) return fail(index.error());
  const Result<WalFit> fit = fit_of(left, **wal, *index);
  if (!fit) return fail(fit.error());
  Result<Leftover> beyond = leftover_beyond(**wal, *index);
  if (!beyond) return beyond;
  const bool checkpointed = *index && (*index)->n_backfill > 0;
  if (*fit == WalFit::differs && (checkpointed || *beyond == Leftover::frames))
    return Leftover::foreign;
  if (*fit == WalFit::fits && *beyond == Leftover::frames) return Leftover::own_frames;
  return beyond;
}

}  // namespace

Result<Leftover> leftover_of(const LeftBehind& left, LeftoverCache& cache) {
  if (!left.wal || left.wal->size == 0) return Leftover::nothing;
  // A checkpoint changes the database and not the WAL.
  if (cache.wal && cache.database && is_unchanged(*left.wal, *cache.wal) &&
      is_unchanged(left.database, *cache.database))
    return cache.answer;
  Result<Leftover> answer = read_leftover(left);
  if (answer) cache = {left.database, left.wal, *answer};
  return answer;
}

}  // namespace sqlite_exporter
