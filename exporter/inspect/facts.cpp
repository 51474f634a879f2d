#include "exporter/inspect/facts.h"

#include "collectors/page_counts.h"

namespace sqlite_exporter {

std::optional<std::uint64_t> pages_of(const Look& look) {
  if (look.plain) return look.plain->pages;
  return page_counts_of(look).pages;
}

std::optional<std::uint32_t> page_size_of(const Look& look) {
  if (look.plain) return look.plain->page_size;
  return look.header ? std::optional(look.header->page_size) : std::nullopt;
}

}  // namespace sqlite_exporter
