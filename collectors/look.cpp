#include "collectors/look.h"

#include <array>
#include <utility>

#include "collectors/linux/lock_probe.h"
#include "collectors/rollback.h"
#include "collectors/sqlite/lock_bytes.h"
#include "collectors/sqlite/page_one.h"

namespace sqlite_exporter {

namespace {

/// A commit in rollback mode and a checkpoint both take a moment; so few tries bound a look.
constexpr int kAttempts = 5;

/// An open file of this look's own, or the one the sampler holds of an attached database.
class Opened {
 public:
  Opened() = default;
  explicit Opened(const File* held) : borrowed_(held) {}
  explicit Opened(std::optional<File> own) : own_(std::move(own)) {}

  const File* get() const { return own_ ? &*own_ : borrowed_; }
  const File& operator*() const { return *get(); }
  explicit operator bool() const { return get() != nullptr; }

 private:
  const File* borrowed_ = nullptr;
  std::optional<File> own_;
};

Result<Opened> own_if_there(const std::string& path) {
  return open_if_there(path).map([](std::optional<File> file) { return Opened(std::move(file)); });
}

Result<std::optional<FileStatus>> status_if_there(const std::string& path) {
  Result<FileStatus> status = status_of(path);
  if (status) return *status;
  if (status.error().code == Errc::no_data) return std::nullopt;
  return fail(status.error());
}

struct Head {
  FileKind kind = FileKind::empty;
  std::optional<DatabaseHeader> header;
};

Result<Head> read_head(const File& database) {
  std::array<std::byte, kDatabaseHeaderSize> bytes{};
  const Result<std::size_t> size = database.read_at(0, bytes);
  if (!size) return fail(size.error());
  if (*size == 0) return Head{};
  const Bytes read = Bytes(bytes).first(*size);
  if (!has_database_magic(read)) return Head{FileKind::not_a_database, std::nullopt};
  const Result<DatabaseHeader> header = parse_database_header(read);
  if (!header) return Head{FileKind::corrupt_header, std::nullopt};
  return Head{FileKind::database, *header};
}

/// The header of a database nobody writes into a WAL: what the file itself says, if that is
/// committed. Checked before and after, so that no commit has passed in between.
Result<std::optional<DatabaseHeader>> settled_header(const File& database,
                                                     const std::string& path) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Result<bool> before = holds_committed_content(database, path);
    if (!before) return fail(before.error());
    const Result<Head> head = read_head(database);
    if (!head) return fail(head.error());
    const Result<bool> after = holds_committed_content(database, path);
    if (!after) return fail(after.error());
    if (*before && *after) return head->header;
  }
  return std::nullopt;
}

/// The newest page 1 and the wal-index it belongs to.
Result<void> read_live_wal(Look& look, const File& database, const File& shm) {
  Result<void> last = fail(Errc::busy, "the wal-index changed during every attempt to read page 1");
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Result<WalIndex> index = read_wal_index(shm);
    if (!index) {
      // Attached, but not yet initialised: its first connection is at work on it.
      if (index.error().code == Errc::no_data) return {};
      return fail(index.error());
    }
    const Result<std::optional<File>> wal = open_if_there(look.path + "-wal");
    if (!wal) return fail(wal.error());
    look.index = *index;
    if (!*wal) return {};
    const Result<DatabaseHeader> header = read_newest_page_one(database, **wal, shm, *index);
    // A damaged page 1 is a state of the database, and says nothing against its wal-index.
    if (header || header.error().code == Errc::corrupt) {
      const Result<WalIndex> after = read_wal_index(shm);
      if (after && after->salts == index->salts && after->n_backfill == index->n_backfill) {
        if (header) look.header = *header;
        return {};
      }
    } else if (header.error().code != Errc::busy) {
      last = fail(header.error());
    }
  }
  look.index.reset();
  return last;
}

/// The wal-index that somebody has attached, if any: the one the sampler holds, or, where that one
/// was let go since its last sample, the one at the path.
Result<Opened> attached_shm(const Look& look) {
  const auto is_attached = [](const File& shm) { return lock_on(shm, kDeadMansSwitch, 1); };
  if (look.sample.held) {
    const auto holder = is_attached(look.sample.held->shm);
    if (!holder) return fail(holder.error());
    if (*holder) return Opened(&look.sample.held->shm);
  }
  Result<Opened> shm = own_if_there(look.path + "-shm");
  if (!shm || !*shm) return shm;
  const auto holder = is_attached(**shm);
  if (!holder) return fail(holder.error());
  return *holder ? std::move(shm) : Opened();
}

/// Leftovers of a WAL that nobody has open say nothing certain; without them the file says all.
bool may_hold_unrecovered_frames(const Look& look) { return look.wal && look.wal->size > 0; }

Result<void> read_content(Look& look, const File& database) {
  const Result<Head> head = read_head(database);
  if (!head) return fail(head.error());
  look.kind = head->kind;
  look.main_header = head->header;

  const Result<Opened> shm = attached_shm(look);
  if (!shm) return fail(shm.error());
  look.attached = static_cast<bool>(*shm);
  if (look.attached) return read_live_wal(look, database, **shm);
  if (look.kind != FileKind::database) return {};
  if (look.main_header->journal_mode == JournalMode::wal) {
    if (!may_hold_unrecovered_frames(look)) look.header = look.main_header;
    return {};
  }
  const auto settled = settled_header(database, look.path);
  if (!settled) return fail(settled.error());
  look.header = *settled;
  return {};
}

void count(Look& look, LookState& state) {
  const bool wal =
      look.attached || (look.main_header && look.main_header->journal_mode == JournalMode::wal);
  state.wal_seen = state.wal_seen || wal;
  if (wal) {
    state.change_counter.observe_other_mode();
  } else if (look.header) {
    state.change_counter.observe(look.database->identity, look.header->change_counter);
  }
  look.wal_seen = state.wal_seen;
  look.rollback_transactions = state.change_counter.transactions();
}

}  // namespace

Result<Look> take_look(const std::string& path, const Mount* mount, Sample sample,
                       LookState& state) {
  Look look;
  look.path = path;
  look.mount = mount;
  look.sample = std::move(sample);
  look.wal_seen = state.wal_seen;
  look.rollback_transactions = state.change_counter.transactions();

  auto database = status_if_there(path);
  if (!database) return fail(database.error());
  if (!*database) return look;
  look.database = *database;
  auto wal = status_if_there(path + "-wal");
  if (!wal) return fail(wal.error());
  look.wal = *wal;
  // What the sampler holds may have been replaced since it last compared.
  if (look.sample.held && look.sample.held->database_identity != look.database->identity)
    look.sample.held.reset();

  Result<Opened> file = look.sample.held ? Opened(&look.sample.held->database) : own_if_there(path);
  if (!file) return fail(file.error());
  if (!*file) {
    look.database.reset();
    return look;
  }
  if (Result<void> result = read_content(look, **file); !result) return fail(result.error());
  count(look, state);
  return look;
}

}  // namespace sqlite_exporter
