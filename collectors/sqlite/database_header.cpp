/// Believes a database header only as far as SQLite itself would.
#include "collectors/sqlite/database_header.h"

#include <algorithm>
#include <string>

#include "collectors/sqlite/page_size.h"

namespace sqlite_exporter {
namespace {

constexpr std::string_view kMagic{"SQLite format 3\0", kDatabaseMagicSize};
constexpr std::uint32_t kMinUsableSize = 480;  ///< of a page without its reserved bytes

TextEncoding text_encoding(std::uint32_t stored) {
  switch (stored) {
    case 1: return TextEncoding::utf8;
    case 2: return TextEncoding::utf16le;
    case 3: return TextEncoding::utf16be;
    default: return TextEncoding::unset;
  }
}

AutoVacuum auto_vacuum(std::uint32_t largest_root_page, std::uint32_t incremental) {
  if (largest_root_page == 0) return AutoVacuum::none;
  return incremental == 0 ? AutoVacuum::full : AutoVacuum::incremental;
}

bool is_format_version(std::uint8_t version) { return version == 1 || version == 2; }

}  // namespace

std::string_view to_string(JournalMode mode) {
  return mode == JournalMode::wal ? "wal" : "rollback";
}

std::string_view to_string(AutoVacuum mode) {
  switch (mode) {
    case AutoVacuum::none: return "none";
    case AutoVacuum::full: return "full";
    case AutoVacuum::incremental: return "incremental";
  }
  return "";
}

std::string_view to_string(TextEncoding encoding) {
  switch (encoding) {
    case TextEncoding::unset: return "";
    case TextEncoding::utf8: return "UTF-8";
    case TextEncoding::utf16le: return "UTF-16le";
    case TextEncoding::utf16be: return "UTF-16be";
  }
  return "";
}

bool has_database_magic(Bytes bytes) {
  return bytes.size() >= kMagic.size() &&
         std::ranges::equal(bytes.first(kMagic.size()), std::as_bytes(std::span(kMagic)));
}

Result<DatabaseHeader> parse_database_header(Bytes bytes) {
  if (bytes.size() < kDatabaseHeaderSize) {
    return fail(Errc::corrupt,
                "the database header has " + std::to_string(bytes.size()) + " of its 100 bytes");
  }
  if (!has_database_magic(bytes)) return fail(Errc::corrupt, "not the magic of a database header");

  const std::uint32_t stored_page_size = be16(bytes.subspan<16, 2>());
  const std::uint32_t page_size = stored_page_size == 1 ? kMaxPageSize : stored_page_size;
  const std::uint32_t reserved = u8(bytes.subspan<20, 1>());
  if (!is_page_size(page_size) || page_size - reserved < kMinUsableSize) {
    return fail(Errc::corrupt, "no page size: " + std::to_string(stored_page_size) + " with " +
                                   std::to_string(reserved) + " reserved bytes");
  }
  const std::uint8_t write_version = u8(bytes.subspan<18, 1>());
  const std::uint8_t read_version = u8(bytes.subspan<19, 1>());
  if (!is_format_version(write_version) || !is_format_version(read_version)) {
    return fail(Errc::corrupt, "no format version of a database: " + std::to_string(write_version) +
                                   " and " + std::to_string(read_version));
  }
  if (u8(bytes.subspan<21, 1>()) != 64 || u8(bytes.subspan<22, 1>()) != 32 ||
      u8(bytes.subspan<23, 1>()) != 32) {
    return fail(Errc::corrupt, "the payload fractions are not 64, 32, 32");
  }

  DatabaseHeader header;
  header.page_size = page_size;
  header.journal_mode = read_version == 2 ? JournalMode::wal : JournalMode::rollback;
  header.change_counter = be32(bytes.subspan<24, 4>());
  header.page_count = be32(bytes.subspan<28, 4>());
  header.page_count_valid =
      header.page_count != 0 && be32(bytes.subspan<92, 4>()) == header.change_counter;
  header.freelist_count = be32(bytes.subspan<36, 4>());
  header.schema_cookie = be32(bytes.subspan<40, 4>());
  header.auto_vacuum = auto_vacuum(be32(bytes.subspan<52, 4>()), be32(bytes.subspan<64, 4>()));
  header.encoding = text_encoding(be32(bytes.subspan<56, 4>()));
  header.user_version = be32(bytes.subspan<60, 4>());
  header.application_id = be32(bytes.subspan<68, 4>());
  header.sqlite_version_number = be32(bytes.subspan<96, 4>());
  return header;
}

}  // namespace sqlite_exporter
