/// First pages of databases, plain, encrypted as each cipher does it, and of other formats.
#include "collectors/sqlite/file_head.h"

#include <algorithm>
#include <random>
#include <string_view>

#include "collectors/sqlite/encrypted.h"
#include "tests/support/catch.h"
#include "tests/support/sqlite_fixtures.h"

namespace sqlite_exporter {
namespace {

using test::Buffer;
using test::put_be16;
using test::put_be32;
using test::put_u8;

constexpr std::size_t kFileSize = 12288;

Buffer noise(std::size_t size = kEncryptedSampleSize, std::uint32_t seed = 1) {
  std::mt19937 generator(seed);
  Buffer bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(generator() >> 24U);
  return bytes;
}

/// Page 1 of a plain database: its header, a row of the schema, zeros.
Buffer plain_page(std::uint32_t page_size = 4096) {
  Buffer bytes = test::database_header(page_size);
  bytes.resize(std::min<std::size_t>(page_size, kEncryptedSampleSize));
  constexpr std::string_view kRow = "tabletCREATE TABLE t(x)";
  std::ranges::copy(std::as_bytes(std::span(kRow)),
                    bytes.end() - static_cast<std::ptrdiff_t>(kRow.size()));
  return bytes;
}

/// The same, of which a cipher leaves the first `plain` bytes.
Buffer encrypted_behind(std::size_t plain, std::uint32_t page_size = 4096, std::uint32_t seed = 1) {
  const Buffer page = plain_page(page_size);
  Buffer bytes = noise(page.size(), seed);
  std::copy_n(page.begin(), plain, bytes.begin());
  return bytes;
}

FileHead head_of(const Buffer& bytes) { return parse_file_head(bytes, kFileSize); }

TEST_CASE("a plain database takes one small read") {
  const test::MemoryReader file(plain_page());
  const auto head = read_file_head(file, kFileSize);
  REQUIRE(head);
  CHECK(file.reads() == 1);
  CHECK(head->kind == FileKind::database);
  REQUIRE(head->header);
  CHECK(head->header->plain_size == kDatabaseHeaderSize);
  CHECK(head->header->schema_cookie == 11);
  CHECK_FALSE(head->by_turso);
}

TEST_CASE("what is no database") {
  CHECK(head_of({}).kind == FileKind::empty);
  CHECK(head_of(Buffer(4096)).kind == FileKind::other);
  Buffer cut = plain_page();
  cut.resize(99);
  CHECK(head_of(cut).kind == FileKind::cut_off);
  Buffer corrupt = plain_page();
  put_be16(corrupt, 16, 1000);
  CHECK(head_of(corrupt).kind == FileKind::corrupt_header);
}

TEST_CASE("a version above 2 is a newer format, and no damage") {
  for (const auto& [write, read, version] :
       {std::array{255, 255, 255}, std::array{3, 2, 3}, std::array{3, 1, 3}, std::array{1, 7, 7}}) {
    CAPTURE(write, read);
    Buffer bytes = plain_page();
    put_u8(bytes, 18, static_cast<std::uint8_t>(write));
    put_u8(bytes, 19, static_cast<std::uint8_t>(read));
    const FileHead head = head_of(bytes);
    CHECK(head.kind == FileKind::newer_format);
    CHECK(head.format_version == version);
    CHECK_FALSE(head.header);
    CHECK(head.by_turso);
    put_be16(bytes, 16, 1000);  // nothing else fits: no format that we know of
    CHECK(head_of(bytes).kind == FileKind::corrupt_header);
  }
}

TEST_CASE("of SQLCipher with a plain header the first 32 bytes are believed") {
  const FileHead head = head_of(encrypted_behind(32));
  CHECK(head.kind == FileKind::encrypted);
  REQUIRE(head.header);
  CHECK(head.header->plain_size == kPlainCounts);
  CHECK(head.header->page_size == 4096);
  CHECK(head.header->journal_mode == JournalMode::wal);
  CHECK(head.header->change_counter == 5);
  CHECK(head.header->page_count == 7);
  CHECK(head.header->page_count_valid);
  CHECK(head.header->freelist_count == 0);
  CHECK(head.header->schema_cookie == 0);
  CHECK(head.header->encoding == TextEncoding::unset);
  CHECK(head.header->sqlite_version_number == 0);
}

TEST_CASE("no write of an encrypted page 1 makes it a plain one") {
  for (const std::uint32_t page_size : {512U, 4096U}) {
    std::uint32_t wrong = 0;
    for (std::uint32_t seed = 0; seed < 5000; ++seed) {
      const FileHead head = head_of(encrypted_behind(32, page_size, seed));
      const bool right =
          head.kind == FileKind::encrypted && head.header->plain_size == kPlainCounts;
      wrong += right ? 0 : 1;
    }
    CAPTURE(page_size);
    CHECK(wrong == 0);
  }
}

TEST_CASE("SQLCipher may leave more of it plain, or the magic alone") {
  for (const std::size_t plain : {48U, 64U, 80U, 96U}) {
    CAPTURE(plain);
    const FileHead head = head_of(encrypted_behind(plain));
    CHECK(head.kind == FileKind::encrypted);
    REQUIRE(head.header);
    CHECK(head.header->plain_size == kPlainCounts);
  }
  const FileHead head = head_of(encrypted_behind(16));
  CHECK(head.kind == FileKind::encrypted);
  CHECK_FALSE(head.header);
}

TEST_CASE("of a cipher without the magic the page size is believed, if it is plain") {
  Buffer bytes = encrypted_behind(24);
  const Buffer salt = noise(16, 2);
  std::ranges::copy(salt, bytes.begin());
  const FileHead head = head_of(bytes);
  CHECK(head.kind == FileKind::encrypted);
  REQUIRE(head.header);
  CHECK(head.header->plain_size == kPlainPageSize);
  CHECK(head.header->page_size == 4096);
  CHECK(head.header->journal_mode == JournalMode::wal);
  CHECK(head.header->change_counter == 0);
  CHECK_FALSE(head.header->page_count_valid);

  const FileHead whole = head_of(noise());
  CHECK(whole.kind == FileKind::encrypted);
  CHECK_FALSE(whole.header);
}

TEST_CASE("Turso's encrypted databases are known by their magic") {
  Buffer bytes = encrypted_behind(100);
  constexpr std::string_view kTurso("Turso\0\x03\0\0\0\0\0\0\0\0\0", 16);
  std::ranges::copy(std::as_bytes(std::span(kTurso)), bytes.begin());
  const FileHead head = head_of(bytes);
  CHECK(head.kind == FileKind::encrypted);
  CHECK(head.by_turso);
  REQUIRE(head.header);
  CHECK(head.header->page_count == 7);
}

TEST_CASE("a plain database that Turso wrote has a mark") {
  Buffer bytes = plain_page();
  put_be32(bytes, 92, 3047000);
  put_be32(bytes, 96, 3047000);
  const FileHead head = head_of(bytes);
  CHECK(head.kind == FileKind::database);
  CHECK(head.by_turso);
}

/// Legal, or read by SQLite all the same.
TEST_CASE("an odd field makes no database encrypted") {
  constexpr std::array kFields = {
      std::array{44U, 0U},          std::array{44U, 1U},          std::array{44U, 99U},
      std::array{56U, 0U},          std::array{56U, 7U},          std::array{36U, 8U},
      std::array{72U, 1U},          std::array{88U, 0xffffffffU}, std::array{96U, 0U},
      std::array{96U, 1U},          std::array{28U, 0U},          std::array{92U, 0U},
      std::array{60U, 0xdeadbeefU}, std::array{68U, 0xdeadbeefU}};
  for (const auto& [offset, value] : kFields) {
    CAPTURE(offset, value);
    Buffer bytes = plain_page();
    put_be32(bytes, offset, value);
    const FileHead head = head_of(bytes);
    CHECK(head.kind == FileKind::database);
    REQUIRE(head.header);
    CHECK(head.header->plain_size == kDatabaseHeaderSize);
    CHECK(head.header->page_size == 4096);
  }
}

TEST_CASE("noise behind a header that can be makes no database encrypted") {
  CHECK(head_of(encrypted_behind(100)).kind == FileKind::database);
}

TEST_CASE("of a header that something else was written over the rest is not believed") {
  Buffer bytes = plain_page();
  for (std::size_t i = 32; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>('a' + i % 19);
  const FileHead head = head_of(bytes);
  CHECK(head.kind == FileKind::database);
  REQUIRE(head.header);
  CHECK(head.header->plain_size == kPlainCounts);
  CHECK(head.header->schema_cookie == 0);
}

TEST_CASE("what cannot be read says so") {
  const test::MemoryReader file(plain_page(), test::MemoryReader::failing({Errc::io, "read: no"}));
  const auto head = read_file_head(file, kFileSize);
  REQUIRE_FALSE(head);
  CHECK(head.error().code == Errc::io);
}

}  // namespace
}  // namespace sqlite_exporter
