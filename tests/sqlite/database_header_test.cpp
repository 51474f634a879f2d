/// Database headers, whole and broken, one fault at a time.
#include "tests/support/catch.h"

#include "collectors/sqlite/database_header.h"
#include "tests/support/sqlite_fixtures.h"

namespace sqlite_exporter {
namespace {

using test::Buffer;
using test::database_header;
using test::put_be16;
using test::put_be32;
using test::put_u8;

DatabaseHeader parsed(const Buffer& bytes) {
  const auto header = parse_database_header(bytes);
  INFO((header ? "" : header.error().message));
  REQUIRE(header);
  return *header;
}

bool is_corrupt(const Buffer& bytes) {
  const auto header = parse_database_header(bytes);
  return !header && header.error().code == Errc::corrupt && !header.error().message.empty();
}

TEST_CASE("a database header is decoded") {
  Buffer bytes = database_header();
  put_be32(bytes, 60, 0xffffffff);
  put_be32(bytes, 68, 0x0f055112);
  const DatabaseHeader header = parsed(bytes);
  CHECK(header.page_size == 4096);
  CHECK(header.journal_mode == JournalMode::wal);
  CHECK(header.change_counter == 5);
  CHECK(header.page_count == 7);
  CHECK(header.page_count_valid);
  CHECK(header.freelist_count == 2);
  CHECK(header.schema_cookie == 11);
  CHECK(header.auto_vacuum == AutoVacuum::none);
  CHECK(header.encoding == TextEncoding::utf8);
  CHECK(header.user_version == 0xffffffff);
  CHECK(header.application_id == 0x0f055112);
  CHECK(header.sqlite_version_number == 3040001);
}

TEST_CASE("the read version tells the journal mode") {
  Buffer bytes = database_header();
  put_u8(bytes, 18, 1);
  put_u8(bytes, 19, 1);
  CHECK(parsed(bytes).journal_mode == JournalMode::rollback);
}

TEST_CASE("page sizes") {
  CHECK(parsed(database_header(512)).page_size == 512);
  CHECK(parsed(database_header(32768)).page_size == 32768);
  CHECK(parsed(database_header(65536)).page_size == 65536);
  for (const int stored : {0, 2, 256, 511, 1000, 4097, 0xffff}) {
    Buffer bytes = database_header();
    put_be16(bytes, 16, static_cast<std::uint16_t>(stored));
    CAPTURE(stored);
    CHECK(is_corrupt(bytes));
  }
}

TEST_CASE("a page that its reserved bytes leave too small") {
  Buffer bytes = database_header(512);
  put_u8(bytes, 20, 32);
  CHECK(parsed(bytes).page_size == 512);
  put_u8(bytes, 20, 33);
  CHECK(is_corrupt(bytes));
}

TEST_CASE("a short header") {
  Buffer bytes = database_header();
  bytes.resize(99);
  CHECK(is_corrupt(bytes));
  CHECK(is_corrupt({}));
}

TEST_CASE("a wrong magic") {
  Buffer bytes = database_header();
  CHECK(has_database_magic(bytes));
  put_u8(bytes, 15, ' ');
  CHECK_FALSE(has_database_magic(bytes));
  CHECK(is_corrupt(bytes));
  bytes.resize(15);
  CHECK_FALSE(has_database_magic(bytes));
}

TEST_CASE("unknown format versions") {
  for (const std::size_t offset : {18U, 19U}) {
    Buffer bytes = database_header();
    put_u8(bytes, offset, 0);
    CAPTURE(offset);
    CHECK(is_corrupt(bytes));
    for (const int version : {3, 255}) {
      CAPTURE(version);
      put_u8(bytes, offset, static_cast<std::uint8_t>(version));
      const auto header = parse_database_header(bytes);
      REQUIRE_FALSE(header);
      CHECK(header.error().code == Errc::unsupported);
      CHECK(newer_format_version(bytes) == version);
    }
  }
  CHECK(newer_format_version(database_header()) == 0);
}

TEST_CASE("fields that SQLite never writes are counted, and a version that cannot be is none") {
  Buffer bytes = database_header();
  CHECK(parsed(bytes).odd_fields == 0);
  std::uint8_t odd = 0;
  for (const std::size_t offset : {44U, 56U, 36U, 80U, 96U}) {
    put_be32(bytes, offset, 0x85c3ed93);
    CAPTURE(offset);
    CHECK(parsed(bytes).odd_fields == ++odd);
  }
  CHECK(parsed(bytes).sqlite_version_number == 0);
}

TEST_CASE("wrong payload fractions, as an encrypted page has them") {
  for (const std::size_t offset : {21U, 22U, 23U}) {
    Buffer bytes = database_header();
    put_u8(bytes, offset, 31);
    CAPTURE(offset);
    CHECK(is_corrupt(bytes));
  }
}

TEST_CASE("a page count that an old writer left behind is not valid") {
  Buffer bytes = database_header();
  put_be32(bytes, 92, 4);
  CHECK_FALSE(parsed(bytes).page_count_valid);
  put_be32(bytes, 92, 5);
  put_be32(bytes, 28, 0);
  CHECK_FALSE(parsed(bytes).page_count_valid);
}

TEST_CASE("auto_vacuum takes two fields") {
  Buffer bytes = database_header();
  put_be32(bytes, 64, 1);
  CHECK(parsed(bytes).auto_vacuum == AutoVacuum::none);
  put_be32(bytes, 52, 3);
  CHECK(parsed(bytes).auto_vacuum == AutoVacuum::incremental);
  put_be32(bytes, 64, 0);
  CHECK(parsed(bytes).auto_vacuum == AutoVacuum::full);
}

TEST_CASE("text encodings, none and unknown ones") {
  Buffer bytes = database_header();
  const auto encoding = [&bytes](std::uint32_t stored) {
    put_be32(bytes, 56, stored);
    return to_string(parsed(bytes).encoding);
  };
  CHECK(encoding(0).empty());
  CHECK(encoding(1) == "UTF-8");
  CHECK(encoding(2) == "UTF-16le");
  CHECK(encoding(3) == "UTF-16be");
  CHECK(encoding(4).empty());
}

TEST_CASE("names of modes") {
  CHECK(to_string(JournalMode::rollback) == "rollback");
  CHECK(to_string(JournalMode::wal) == "wal");
  CHECK(to_string(AutoVacuum::none) == "none");
  CHECK(to_string(AutoVacuum::full) == "full");
  CHECK(to_string(AutoVacuum::incremental) == "incremental");
}

}  // namespace
}  // namespace sqlite_exporter
