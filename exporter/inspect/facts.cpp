#include "exporter/inspect/facts.h"

namespace sqlite_exporter {

std::optional<std::uint64_t> pages_of(const Look& look) {
  if (look.plain) return look.plain->pages;
  if (!look.header || !look.database) return std::nullopt;
  if (look.index && look.index->n_page > 0) return look.index->n_page;
  const FollowedWal* const wal = look.followed_wal();
  if (wal != nullptr && wal->n_page > 0) return wal->n_page;
  if (look.header->page_count_valid && look.header->page_count > 0) return look.header->page_count;
  return look.database->size / look.header->page_size;
}

std::optional<std::uint32_t> page_size_of(const Look& look) {
  if (look.plain) return look.plain->page_size;
  return look.header ? std::optional(look.header->page_size) : std::nullopt;
}

}  // namespace sqlite_exporter
