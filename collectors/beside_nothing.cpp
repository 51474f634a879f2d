#include "collectors/beside_nothing.h"

#include <array>
#include <cstddef>
#include <optional>

#include "collectors/base/bytes.h"
#include "collectors/linux/file.h"
#include "collectors/sqlite/journal_header.h"
#include "collectors/sqlite/wal_chain.h"

namespace sqlite_exporter {

namespace {

/// Magic, number of records, nonce, pages of the database before the transaction.
constexpr std::size_t kJournalStart = 20;

Result<bool> holds_commits(const std::string& path) {
  const Result<std::optional<File>> wal = open_if_there(path);
  if (!wal) return fail(wal.error());
  if (!*wal) return false;
  const Result<Pending> pending = committed_frames_beyond(**wal, 0);
  if (!pending) return fail(pending.error());
  return *pending == Pending::some;
}

Result<bool> holds_pages_of_before(const std::string& path) {
  const Result<std::optional<File>> journal = open_if_there(path);
  if (!journal) return fail(journal.error());
  if (!*journal) return false;
  std::array<std::byte, kJournalStart> start{};
  const Result<std::size_t> size = (**journal).read_at(0, start);
  if (!size) return fail(size.error());
  const FixedBytes<kJournalStart> bytes(start);
  return *size == start.size() && has_journal_magic(bytes) && be32(bytes.subspan<16, 4>()) != 0;
}

}  // namespace

Result<StateSet> waiting_beside_nothing(const std::string& path) {
  StateSet states;
  const Result<bool> commits = holds_commits(path + "-wal");
  if (!commits) return fail(commits.error());
  if (*commits) states.add(DatabaseState::wal_mismatched);
  const Result<bool> pages = holds_pages_of_before(path + "-journal");
  if (!pages) return fail(pages.error());
  if (*pages) states.add(DatabaseState::hot_journal);
  return states;
}

}  // namespace sqlite_exporter
