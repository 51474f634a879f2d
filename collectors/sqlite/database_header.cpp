/// Believes a database header only as far as SQLite itself would.
#include "collectors/sqlite/database_header.h"

#include <algorithm>
#include <array>
#include <string>

#include "collectors/sqlite/page_size.h"

namespace sqlite_exporter {
namespace {

/// With the NUL that ends a literal.
constexpr std::string_view kMagic{kDatabaseMagicText.data(), kDatabaseMagicSize};
constexpr std::uint32_t kMinUsableSize = 480;  ///< of a page without its reserved bytes
constexpr std::uint8_t kNewestVersion = 2;     ///< of the file format, to read and to write
constexpr std::uint32_t kNewestSchemaFormat = 4;
constexpr std::uint32_t kLastTextEncoding = 3;

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

bool is_format_version(std::uint8_t version) { return version == 1 || version == kNewestVersion; }

bool is_sqlite_version(std::uint32_t number) { return number >= 3'000'000 && number < 4'000'000; }

/// As `DatabaseHeader::odd_fields`. Fields that are 0 where nothing was written yet are not odd,
/// nor is a count of pages that an old writer left behind.
std::uint8_t odd_fields(FixedBytes<kDatabaseHeaderSize> bytes) {
  const std::uint32_t pages = be32(bytes.subspan<28, 4>());
  const std::uint32_t version = be32(bytes.subspan<96, 4>());
  const bool reserved_zeros = std::ranges::all_of(
      bytes.subspan<72, 20>(), [](std::byte byte) { return byte == std::byte{0}; });
  const std::array odd = {be32(bytes.subspan<44, 4>()) > kNewestSchemaFormat,
                          be32(bytes.subspan<56, 4>()) > kLastTextEncoding,
                          pages != 0 && be32(bytes.subspan<36, 4>()) > pages, !reserved_zeros,
                          version != 0 && !is_sqlite_version(version)};
  return static_cast<std::uint8_t>(std::ranges::count(odd, true));
}

/// Bytes 16..31, of which those up to 23 have rules.
Result<DatabaseHeader> parse_start(Bytes bytes) {
  const std::uint32_t stored_page_size = be16(bytes.subspan<16, 2>());
  const std::uint32_t page_size = stored_page_size == 1 ? kMaxPageSize : stored_page_size;
  const std::uint32_t reserved = u8(bytes.subspan<20, 1>());
  if (!is_page_size(page_size) || page_size - reserved < kMinUsableSize) {
    return fail(Errc::corrupt, "no page size: " + std::to_string(stored_page_size) + " with " +
                                   std::to_string(reserved) + " reserved bytes");
  }
  if (u8(bytes.subspan<21, 1>()) != 64 || u8(bytes.subspan<22, 1>()) != 32 ||
      u8(bytes.subspan<23, 1>()) != 32) {
    return fail(Errc::corrupt, "the payload fractions are not 64, 32, 32");
  }
  const std::uint8_t write_version = u8(bytes.subspan<18, 1>());
  const std::uint8_t read_version = u8(bytes.subspan<19, 1>());
  if (newer_format_version(bytes) != 0) {
    return fail(Errc::unsupported,
                "a newer format than SQLite's own: " + std::to_string(write_version) + " and " +
                    std::to_string(read_version));
  }
  if (!is_format_version(write_version) || !is_format_version(read_version)) {
    return fail(Errc::corrupt, "no format version of a database: " + std::to_string(write_version) +
                                   " and " + std::to_string(read_version));
  }
  DatabaseHeader header;
  header.page_size = page_size;
  header.journal_mode = read_version == 2 ? JournalMode::wal : JournalMode::rollback;
  header.change_counter = be32(bytes.subspan<24, 4>());
  header.page_count = be32(bytes.subspan<28, 4>());
  return header;
}

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

  Result<DatabaseHeader> start = parse_start(bytes);
  if (!start) return start;
  DatabaseHeader& header = *start;
  const std::uint32_t version_valid_for = be32(bytes.subspan<92, 4>());
  header.page_count_valid = header.page_count != 0 && version_valid_for == header.change_counter;
  header.freelist_count = be32(bytes.subspan<36, 4>());
  header.schema_cookie = be32(bytes.subspan<40, 4>());
  header.auto_vacuum = auto_vacuum(be32(bytes.subspan<52, 4>()), be32(bytes.subspan<64, 4>()));
  header.encoding = text_encoding(be32(bytes.subspan<56, 4>()));
  header.user_version = be32(bytes.subspan<60, 4>());
  header.application_id = be32(bytes.subspan<68, 4>());
  header.odd_fields = odd_fields(bytes.first<kDatabaseHeaderSize>());
  const std::uint32_t version = be32(bytes.subspan<96, 4>());
  if (is_sqlite_version(version)) header.sqlite_version_number = version;
  header.by_turso = header.sqlite_version_number != 0 && version_valid_for == version;
  return start;
}

std::optional<DatabaseHeader> parse_plain_start(Bytes bytes, std::size_t plain_size) {
  if (bytes.size() < kPlainCounts) return std::nullopt;
  Result<DatabaseHeader> start = parse_start(bytes);
  if (!start) return std::nullopt;
  start->plain_size = plain_size;
  if (plain_size < kPlainCounts) start->change_counter = start->page_count = 0;
  // Whoever encrypts is no writer of before 3.7.0, which left this field as it was.
  start->page_count_valid = start->page_count != 0;
  return *start;
}

std::uint8_t newer_format_version(Bytes bytes) {
  if (bytes.size() < kPlainPageSize) return 0;
  const std::uint8_t highest = std::max(u8(bytes.subspan<18, 1>()), u8(bytes.subspan<19, 1>()));
  return highest > kNewestVersion ? highest : std::uint8_t{0};
}

}  // namespace sqlite_exporter
