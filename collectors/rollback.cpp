#include "collectors/rollback.h"

#include <array>
#include <cstddef>
#include <optional>

#include "collectors/linux/lock_probe.h"
#include "collectors/sqlite/lock_bytes.h"

namespace sqlite_exporter {

namespace {

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

}  // namespace

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
  return has_journal(path).map(
      [](bool still) { return still ? RollbackContent::hot_journal : RollbackContent::committed; });
}

}  // namespace sqlite_exporter
