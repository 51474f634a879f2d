#include "collectors/plain_companions.h"

#include <array>

#include "collectors/linux/lock_probe.h"
#include "collectors/sqlite/journal_header.h"
#include "collectors/sqlite/lock_bytes.h"

namespace sqlite_exporter {

Result<std::optional<WalHeader>> wal_header_beside(const std::string& database) {
  const Result<std::optional<File>> wal = open_if_there(database + "-wal");
  if (!wal) return fail(wal.error());
  if (!*wal) return std::nullopt;
  std::array<std::byte, kWalHeaderSize> bytes{};
  const Result<std::size_t> size = (*wal)->read_at(0, bytes);
  if (!size) return fail(size.error());
  const Result<WalHeader> header = parse_wal_header(Bytes(bytes).first(*size));
  return header ? std::optional(*header) : std::nullopt;
}

Result<bool> journal_beside(const std::string& database) {
  const Result<std::optional<File>> journal = open_if_there(database + "-journal");
  if (!journal) return fail(journal.error());
  if (!*journal) return false;
  std::array<std::byte, kJournalMagic.size()> bytes{};
  const Result<std::size_t> size = (*journal)->read_at(0, bytes);
  if (!size) return fail(size.error());
  return has_journal_magic(Bytes(bytes).first(*size));
}

Result<bool> has_sqlite_locks(const File& database) {
  return has_lock_within(database, kPendingLock, kDatabaseLocksLength);
}

PlainFacts plain_facts(const std::optional<DatabaseHeader>& start,
                       const std::optional<DatabaseHeader>& settled,
                       const std::optional<WalIndex>& index, const std::optional<WalHeader>& wal) {
  PlainFacts facts;
  if (wal) facts.page_size = wal->page_size;
  if (start) facts.page_size = start->page_size;
  if (index && index->page_size != 0) facts.page_size = index->page_size;

  // Without a frame the database file is the whole truth.
  const std::optional<DatabaseHeader>& newest = index ? start : settled;
  if (index && index->n_page > 0) {
    facts.pages = index->n_page;
  } else if (newest && newest->page_count_valid) {
    facts.pages = newest->page_count;
  }

  if (start) facts.journal_mode = start->journal_mode;
  if (index || wal) facts.journal_mode = JournalMode::wal;
  return facts;
}

}  // namespace sqlite_exporter
