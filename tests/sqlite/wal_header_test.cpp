/// WAL headers, whole and broken, one fault at a time.
#include "tests/support/catch.h"

#include <limits>

#include "collectors/sqlite/wal_header.h"
#include "tests/support/sqlite_fixtures.h"

namespace sqlite_exporter {
namespace {

using test::Buffer;
using test::put_be32;
using test::seal_wal_header;
using test::wal_header;

constexpr WalSalts kSalts{0x6a3d10fb, 0xc8fc197b};

Errc error_of(const Buffer& bytes) {
  const auto header = parse_wal_header(bytes);
  REQUIRE_FALSE(header);
  return header.error().code;
}

TEST_CASE("a WAL header with checksums of either byte order is decoded") {
  for (const bool big_endian : {false, true}) {
    for (const std::uint32_t page_size : {512U, 4096U, 65536U}) {
      CAPTURE(big_endian, page_size);
      const auto header = parse_wal_header(wal_header(page_size, kSalts, big_endian));
      REQUIRE(header);
      CHECK(header->page_size == page_size);
      CHECK(header->salts == kSalts);
    }
  }
}

TEST_CASE("a WAL header of zero length, and one cut off") {
  CHECK(error_of({}) == Errc::corrupt);
  Buffer bytes = wal_header(4096, kSalts);
  bytes.resize(31);
  CHECK(error_of(bytes) == Errc::corrupt);
}

TEST_CASE("a WAL header with a wrong magic") {
  Buffer bytes = wal_header(4096, kSalts);
  put_be32(bytes, 0, 0x377f0680);
  seal_wal_header(bytes);
  CHECK(error_of(bytes) == Errc::corrupt);
}

TEST_CASE("a WAL header whose magic names the other byte order") {
  Buffer bytes = wal_header(4096, kSalts);
  put_be32(bytes, 0, 0x377f0683);
  CHECK(error_of(bytes) == Errc::corrupt);
}

TEST_CASE("a WAL header with an impossible page size") {
  for (const std::uint32_t page_size : {0U, 1U, 256U, 4095U, 131072U}) {
    CAPTURE(page_size);
    CHECK(error_of(wal_header(page_size, kSalts)) == Errc::corrupt);
  }
}

TEST_CASE("a torn WAL header: new salts, old checksum") {
  Buffer bytes = wal_header(4096, kSalts);
  put_be32(bytes, 16, kSalts.salt1 + 1);
  CHECK(error_of(bytes) == Errc::corrupt);
}

TEST_CASE("a WAL of another format version") {
  Buffer bytes = wal_header(4096, kSalts);
  put_be32(bytes, 4, 3007001);
  CHECK(error_of(bytes) == Errc::corrupt);
  seal_wal_header(bytes);
  CHECK(error_of(bytes) == Errc::unsupported);
}

TEST_CASE("a frame header is decoded") {
  const Buffer wal = test::wal_file(512, {test::frame(9, 12, kSalts)});
  const auto frame = parse_frame_header(Bytes(wal).subspan<kWalHeaderSize, kFrameHeaderSize>());
  CHECK(frame.page_number == 9);
  CHECK(frame.commit_page_count == 12);
  CHECK(frame.salts == kSalts);
}

TEST_CASE("frame offsets go beyond 4 GiB") {
  STATIC_REQUIRE(frame_offset(1, 4096) == 32);
  STATIC_REQUIRE(frame_offset(2, 4096) == 32 + 4120);
  STATIC_REQUIRE(frame_offset(std::numeric_limits<std::uint32_t>::max(), 65536) ==
                 32 + 4294967294ULL * 65560);
}

}  // namespace
}  // namespace sqlite_exporter
