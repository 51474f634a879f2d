#include "collectors/page_counts.h"

#include <algorithm>

namespace sqlite_exporter {

namespace {

struct WalPages {
  std::uint64_t pages = 0;  ///< 0 where no WAL says so
  std::uint64_t frames = 0;
  std::uint32_t page_size = 0;  ///< 0 where no WAL says so
};

WalPages wal_pages_of(const Look& look) {
  if (look.index) return {look.index->n_page, look.index->mx_frame, look.index->page_size};
  if (const FollowedWal* const wal = look.followed_wal())
    return {wal->n_page, wal->mx_frame, wal->page_size};
  return {};
}

/// The page of the lock bytes, at 1 GiB, is never written: at the end of a file it may be missing.
bool is_held(std::uint64_t pages, const Look& look, std::uint32_t page_size) {
  const std::uint64_t in_file = look.database->size / page_size;
  const WalPages wal = wal_pages_of(look);
  // SQLite goes by the wal-index, and a header that contradicts it was not written by SQLite.
  if (wal.page_size != 0 && wal.page_size != page_size) return false;
  return pages <= in_file + wal.frames + (wal.frames > 0 ? 1 : 0);
}

std::uint64_t told_pages(const Look& look) {
  if (const std::uint64_t pages = wal_pages_of(look).pages; pages > 0) return pages;
  // Only a header whose size field is valid counts; older writers leave it, and the file says.
  if (look.header->page_count_valid && look.header->page_count > 0) return look.header->page_count;
  return look.database->size / look.header->page_size;
}

bool is_contradicted(const Look& look) {
  if (look.header) return !is_held(told_pages(look), look, look.header->page_size);
  return look.plain && look.plain->pages && look.plain->page_size.value_or(0) > 0 &&
         !is_held(*look.plain->pages, look, *look.plain->page_size);
}

}  // namespace

PageCounts page_counts_of(const Look& look) {
  PageCounts counts;
  if (!look.header || !look.database) return counts;
  const std::uint64_t pages = told_pages(look);
  if (is_held(pages, look, look.header->page_size)) counts.pages = pages;
  // Of one that was cut short what is left may have been free.
  const std::uint64_t most = counts.pages.value_or(look.database->size / look.header->page_size);
  if (look.header->freelist_count < std::max<std::uint64_t>(most, 1))
    counts.freelist = look.header->freelist_count;
  return counts;
}

Result<void> settle_page_counts(Look& look, const File& database) {
  if (!is_contradicted(look)) return {};
  const Result<FileStatus> now = database.status();
  if (!now) return fail(now.error());
  look.database->size = now->size;
  if (look.plain && is_contradicted(look)) look.plain->pages.reset();
  return {};
}

}  // namespace sqlite_exporter
