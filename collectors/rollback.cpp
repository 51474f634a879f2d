#include "collectors/rollback.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "collectors/linux/lock_probe.h"
#include "collectors/sqlite/lock_bytes.h"
#include "collectors/sqlite/super_journal.h"

namespace sqlite_exporter {

namespace {

/// A transaction over several databases is committed when its super-journal is gone. One that only
/// its application's mounts show may be there yet: then what the file holds is not known.
Result<RollbackContent> content_behind(const std::string& path) {
  const Result<std::optional<File>> journal = open_if_there(path + "-journal");
  if (!journal) return fail(journal.error());
  if (!*journal) return RollbackContent::committed;
  const Result<FileStatus> status = (*journal)->status();
  if (!status) return fail(status.error());
  const Result<std::optional<std::string>> super = super_journal_of(**journal, status->size);
  if (!super) return fail(super.error());
  // The name is anybody's, and may lead to a mount that hangs: only what lies beside is asked for.
  const auto folder = [](const std::string& file) { return file.substr(0, file.rfind('/')); };
  if (*super && (folder(**super) != folder(path) || !status_of(**super)))
    return RollbackContent::being_written;
  return RollbackContent::hot_journal;
}

/// A journal counts only from its first byte on: an idle one of journal_mode=PERSIST begins with
/// zeros, one of TRUNCATE is empty.
Result<bool> has_journal(const std::string& path) {
  const Result<std::optional<File>> journal = open_if_there(path + "-journal");
  if (!journal) return fail(journal.error());
  if (!*journal) return false;
  std::array<std::byte, 1> first{};
  const Result<std::size_t> size = (*journal)->read_at(0, first);
  if (!size) return fail(size.error());
  return *size == 1 && first[0] != std::byte{0};
}

/// Magic, number of records, nonce, size of the database and sector: a commit that keeps the
/// journal zeroes them; while a transaction is open the sector says so, even before the magic does.
constexpr std::size_t kJournalHeaderSize = 28;

}  // namespace

Result<JournalContent> journal_content(const std::string& path) {
  const Result<std::optional<File>> journal = open_if_there(path + "-journal");
  if (!journal) return fail(journal.error());
  if (!*journal) return JournalContent{};
  const Result<FileStatus> status = (*journal)->status();
  if (!status) return fail(status.error());
  std::array<std::byte, kJournalHeaderSize> header{};
  const Result<std::size_t> size = (*journal)->read_at(0, header);
  if (!size) return fail(size.error());
  const bool zeros =
      std::ranges::all_of(header, [](std::byte byte) { return byte == std::byte{}; });
  const bool finished = *size == 0 || (*size == header.size() && zeros);
  return JournalContent{finished ? JournalState::finished : JournalState::in_use, status->modified};
}

Result<RollbackContent> rollback_content(const File& database, const std::string& path,
                                         std::uint64_t size) {
  const auto shared = lock_on(database, kSharedLockFirst, kSharedLockLength);
  if (!shared) return fail(shared.error());
  if (*shared && (*shared)->exclusive) return RollbackContent::being_written;

  const Result<bool> journal = has_journal(path);
  if (!journal) return fail(journal.error());
  if (!*journal || size == 0) return RollbackContent::committed;
  // A live writer's journal is not hot, and its pages reach the file only under EXCLUSIVE.
  const auto reserved = lock_on(database, kReservedLock, 1);
  if (!reserved) return fail(reserved.error());
  if (*reserved) return RollbackContent::committed;
  // Free: either hot, or its writer finished between the two looks and removed it.
  const Result<bool> still = has_journal(path);
  if (!still) return fail(still.error());
  return *still ? content_behind(path) : RollbackContent::committed;
}

}  // namespace sqlite_exporter
