#include "collectors/exclusive_look.h"

#include <array>

#include "collectors/rollback.h"

namespace sqlite_exporter {

namespace {

using HeaderBytes = std::array<std::byte, kDatabaseHeaderSize>;

Result<HeaderBytes> read_bytes(const File& database) {
  HeaderBytes bytes{};
  const Result<std::size_t> size = database.read_at(0, bytes);
  if (!size) return fail(size.error());
  return bytes;
}

Result<bool> has_journal_in_use(const std::string& path) {
  return journal_content(path).map(
      [](const JournalContent& journal) { return journal.state == JournalState::in_use; });
}

}  // namespace

Result<void> read_exclusive_header(Look& look, const File& database) {
  if (look.main_header->journal_mode == JournalMode::wal) {
    // Without a page 1 in the WAL nobody has changed that of the file.
    if (const FollowedWal* const wal = look.followed_wal())
      look.header = wal->has_page_one ? wal->page_one : look.main_header;
    return {};
  }
  if (!look.sample.exclusive_mode) return {};
  const Result<bool> before = has_journal_in_use(look.path);
  if (!before) return fail(before.error());
  const Result<HeaderBytes> bytes = read_bytes(database);
  if (!bytes) return fail(bytes.error());
  const Result<HeaderBytes> again = read_bytes(database);
  if (!again) return fail(again.error());
  const Result<bool> after = has_journal_in_use(look.path);
  if (!after) return fail(after.error());
  if (*before || *after || *bytes != *again) return {};
  if (const Result<DatabaseHeader> header = parse_database_header(*bytes)) look.header = *header;
  return {};
}

void tell_rollback_exclusive(Look& look, StateSet suspected_before, StateSet& suspected) {
  const bool before = suspected_before.contains(DatabaseState::rollback_exclusive);
  const bool told = before && look.sample.exclusive_mode;
  if (told || (!before && look.sample.exclusive_suspected))
    suspected.add(DatabaseState::rollback_exclusive);
  if (!told) look.states.add(DatabaseState::rollback_active);
}

bool hides_commits(const Look& look) {
  if (look.attached) return false;
  if (look.states.contains(DatabaseState::newer_format)) return true;
  const bool wal = look.main_header && look.main_header->journal_mode == JournalMode::wal;
  if (look.database_locks.exclusive() && wal) return look.followed_wal() == nullptr;
  // Where no samples are taken, two looks that find it held are all there is.
  if (look.database_locks.exclusive() && look.main_header)
    return look.sample.exclusive_suspected || !look.sample.random_instants;
  // Nor does a wal-index tell what is written without its locks.
  if (wal)
    return look.database_locks.any() ||
           look.suspected.contains(DatabaseState::locks_unobservable) ||
           look.suspected.contains(DatabaseState::orphaned);
  const bool plain = look.main_header && look.main_header->plain_size >= kPlainCounts;
  return look.states.contains(DatabaseState::encrypted) && !plain && !look.wal_seen;
}

}  // namespace sqlite_exporter
