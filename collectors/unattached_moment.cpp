#include "collectors/unattached_moment.h"

#include <array>

#include "collectors/base/bytes.h"
#include "collectors/linux/lock_probe.h"
#include "collectors/sqlite/lock_bytes.h"

namespace sqlite_exporter {

Result<UnattachedMoment> read_unattached(const std::string& path, RequiredOwner owner) {
  UnattachedMoment moment;
  const Result<std::optional<File>> database = open_if_there(path, owner);
  if (!database) return fail(database.error());
  if (!*database) return moment;
  // Without anybody in WAL mode all of them are free most of the time: one probe tells.
  const Result<bool> locked = is_locked(**database, kPendingLock, kDatabaseLocksLength);
  if (!locked) return fail(locked.error());
  if (*locked) {
    const Result<DatabaseLocks> locks = database_locks_of(**database);
    if (!locks) return fail(locks.error());
    moment.locks = *locks;
  }
  std::array<std::byte, kDatabaseHeaderSize> bytes{};
  const Result<std::size_t> size = (*database)->read_at(0, bytes);
  if (!size) return fail(size.error());
  if (const auto header = parse_database_header(Bytes(bytes).first(*size))) {
    moment.journal_mode = header->journal_mode;
    moment.change_counter = header->change_counter;
    moment.pages = header->page_count;
    moment.free_pages = header->freelist_count;
  }
  if (!moment.locks.any() && moment.journal_mode == JournalMode::wal) {
    const Result<FileStatus> wal = status_of(path + "-wal");
    moment.wal_empty = wal ? wal->size == 0 : wal.error().code == Errc::no_data;
  }
  if (moment.locks.exclusive() && moment.journal_mode == JournalMode::rollback) {
    const Result<JournalContent> journal = journal_content(path);
    if (!journal) return fail(journal.error());
    moment.journal = *journal;
  }
  if (moment.locks.exclusive() && moment.journal_mode == JournalMode::wal) {
    const Result<FileStatus> wal = status_of(path + "-wal");
    moment.wal_absent = !wal && wal.error().code == Errc::no_data;
  }
  return moment;
}

}  // namespace sqlite_exporter
