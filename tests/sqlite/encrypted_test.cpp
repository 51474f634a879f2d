/// Noise of a seeded generator stands for ciphertext: the two cannot be told apart.
#include "tests/support/catch.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <random>
#include <string>
#include <string_view>

#include "collectors/sqlite/encrypted.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/sqlite_fixtures.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::Buffer;
using test::put_be16;
using test::put_u8;

constexpr std::size_t kFileSize = 12288;

/// The first bytes of a database that is encrypted whole.
Buffer noise(std::size_t size = kEncryptedSampleSize, std::uint32_t seed = 1) {
  std::mt19937 generator(seed);
  Buffer bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(generator() >> 24U);
  return bytes;
}

/// The first bytes of one whose cipher leaves a part of the header plain.
Buffer noise_with_plain_header(std::size_t page_size = 4096) {
  Buffer bytes = noise();
  put_be16(bytes, 16, static_cast<std::uint16_t>(page_size == 65536 ? 1U : page_size));
  put_u8(bytes, 18, 2);
  put_u8(bytes, 19, 2);
  put_u8(bytes, 20, 32);
  put_u8(bytes, 21, 64);
  put_u8(bytes, 22, 32);
  put_u8(bytes, 23, 32);
  return bytes;
}

void put_text(Buffer& into, std::string_view text) {
  std::ranges::copy(std::as_bytes(std::span(text)), into.begin());
}

Buffer repeated(std::string_view text) {
  Buffer bytes;
  while (bytes.size() < kEncryptedSampleSize) {
    for (const char letter : text) bytes.push_back(static_cast<std::byte>(letter));
  }
  return bytes;
}

TEST_CASE("a database that is encrypted whole") {
  for (const std::size_t size : {512U, 1024U, 2048U, 4096U}) {
    int found = 0;
    for (std::uint32_t seed = 0; seed < 100; ++seed) {
      if (looks_encrypted(noise(size, seed), kFileSize)) ++found;
    }
    CAPTURE(size);
    CHECK(found >= 99);  // one salt in 300 begins as some other format
  }
}

TEST_CASE("a database that is encrypted but for the page size") {
  for (const std::size_t page_size : {512U, 1024U, 4096U, 65536U}) {
    Buffer bytes = noise_with_plain_header(page_size);
    CAPTURE(page_size);
    CHECK(looks_encrypted(bytes, kFileSize));
    put_text(bytes, "PK");  // a salt may begin as it likes
    CHECK(looks_encrypted(bytes, kFileSize));
  }
}

TEST_CASE("each plain byte of the header counts") {
  for (const std::size_t offset : {16U, 17U, 18U, 19U, 21U, 22U, 23U}) {
    Buffer bytes = noise_with_plain_header();
    put_text(bytes, "PK");
    put_u8(bytes, offset, 3);
    CAPTURE(offset);
    CHECK_FALSE(looks_encrypted(bytes, kFileSize));
  }
}

TEST_CASE("only the first page need be noise, if its size is known") {
  Buffer bytes = noise_with_plain_header(1024);
  std::fill(bytes.begin() + 1024, bytes.end(), std::byte{0});
  CHECK(looks_encrypted(bytes, kFileSize));
  put_u8(bytes, 21, 63);
  CHECK_FALSE(looks_encrypted(bytes, kFileSize));
}

TEST_CASE("bytes beyond the sample do not count") {
  for (const std::size_t page_size : {4096U, 65536U}) {
    Buffer bytes = noise_with_plain_header(page_size);
    bytes.resize(2 * kEncryptedSampleSize);
    CAPTURE(page_size);
    CHECK(looks_encrypted(bytes, kFileSize));
  }
}

TEST_CASE("a plain database is not encrypted, and neither is one with a damaged magic") {
  const test::TemporaryDirectory directory;
  {
    test::SqliteApplication application(directory / "a.db");
    application.exec("CREATE TABLE t(id INTEGER PRIMARY KEY, b)");
    application.exec("INSERT INTO t(b) VALUES('text')");
  }
  std::ifstream file(directory / "a.db", std::ios::binary);
  std::string text(kEncryptedSampleSize, ' ');
  REQUIRE(file.read(text.data(), static_cast<std::streamsize>(text.size())));
  Buffer bytes(text.size());
  put_text(bytes, text);
  CHECK_FALSE(looks_encrypted(bytes, 8192));
  std::ranges::copy(noise(16), bytes.begin());
  CHECK_FALSE(looks_encrypted(bytes, 8192));
}

TEST_CASE("a plain header before noise is a question for the one who parses it") {
  Buffer bytes = noise();
  REQUIRE(looks_encrypted(bytes, kFileSize));
  const Buffer header = test::database_header();
  std::copy_n(header.begin(), 24, bytes.begin());
  CHECK_FALSE(looks_encrypted(bytes, kFileSize));
}

TEST_CASE("a file that is not made of pages") {
  CHECK(looks_encrypted(noise(), kFileSize));
  CHECK_FALSE(looks_encrypted(noise(), kFileSize + 1));
  CHECK_FALSE(looks_encrypted(noise(), kFileSize + 256));
  CHECK_FALSE(looks_encrypted(noise(), 0));
  CHECK_FALSE(looks_encrypted(noise_with_plain_header(), kFileSize + 100));
}

TEST_CASE("too few bytes to say anything") {
  CHECK(looks_encrypted(noise(512), kFileSize));
  CHECK_FALSE(looks_encrypted(noise(511), kFileSize));
  CHECK_FALSE(looks_encrypted(noise(16), kFileSize));
  CHECK_FALSE(looks_encrypted({}, kFileSize));
}

TEST_CASE("compressed files are nearly noise, and told by their magic") {
  constexpr auto kStarts = std::to_array<std::string_view>({"\x1f\x8b\x08",
                                                            "x\x01",
                                                            "x\x5e",
                                                            "x\x9c",
                                                            "x\xda",
                                                            "BZh9",
                                                            "\xfd\x37zXZ",
                                                            {"\x5d\0\0", 3},
                                                            "\x28\xb5\x2f\xfd",
                                                            "\x04\x22\x4d\x18",
                                                            "PK\x03\x04",
                                                            "7z\xbc\xaf\x27\x1c",
                                                            "Rar!\x1a",
                                                            "\x89PNG\r\n",
                                                            "\xff\xd8\xff\xe0",
                                                            "\x8c\x0d\x04\x09",
                                                            "LUKS\xba\xbe"});
  REQUIRE(looks_encrypted(noise(), kFileSize));
  for (std::size_t i = 0; i < kStarts.size(); ++i) {
    Buffer bytes = noise();
    put_text(bytes, kStarts[i]);
    CAPTURE(i);
    CHECK_FALSE(looks_encrypted(bytes, kFileSize));
  }
}

TEST_CASE("a word or the zeros of a size tell a header of another format") {
  Buffer bytes = noise();
  put_text(bytes, "Salted\x80");
  CHECK_FALSE(looks_encrypted(bytes, kFileSize));
  put_u8(bytes, 5, 0x80);
  CHECK(looks_encrypted(bytes, kFileSize));
  put_u8(bytes, 6, 0);
  put_u8(bytes, 9, 0);
  CHECK(looks_encrypted(bytes, kFileSize));
  put_u8(bytes, 15, 0);
  CHECK_FALSE(looks_encrypted(bytes, kFileSize));
}

TEST_CASE("files that are no noise") {
  CHECK_FALSE(looks_encrypted(Buffer(kEncryptedSampleSize), kFileSize));
  CHECK_FALSE(looks_encrypted(repeated("\xff"), kFileSize));
  CHECK_FALSE(looks_encrypted(repeated("no database, but a line of text\n"), kFileSize));
  CHECK_FALSE(looks_encrypted(repeated("\x7f"
                                       "ELF\x02\x01\x01"),
                              kFileSize));
}

TEST_CASE("a table that has each byte equally often is no noise") {
  Buffer bytes(kEncryptedSampleSize);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7 + 129);
  CHECK_FALSE(looks_encrypted(bytes, kFileSize));
}

TEST_CASE("bytes of which a few are twice as frequent are no noise") {
  Buffer bytes = noise();
  for (std::size_t i = 30; i < bytes.size(); i += 25) bytes[i] = static_cast<std::byte>(i % 8);
  CHECK_FALSE(looks_encrypted(bytes, kFileSize));
}

}  // namespace
}  // namespace sqlite_exporter
