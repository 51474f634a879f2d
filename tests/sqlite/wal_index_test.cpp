/// The head of a wal-index: whole, torn, and changing while it is read.
#include "tests/support/catch.h"

#include "collectors/sqlite/wal_index.h"
#include "tests/support/sqlite_fixtures.h"

namespace sqlite_exporter {
namespace {

using test::Buffer;
using test::MemoryReader;
using test::put_host16;
using test::put_host32;
using test::put_u8;
using test::seal_wal_index;
using test::wal_index_head;

WalIndex index_of(std::uint32_t page_size = 4096) {
  return {.i_change = 77,
          .page_size = page_size,
          .mx_frame = 601,
          .n_page = 203,
          .salts = {0x6a3d10fb, 0xc8fc197b},
          .n_backfill = 301,
          .n_backfill_attempted = 302,
          .read_mark = {0, 301, 601, kUnusedReadMark, kUnusedReadMark}};
}

Result<WalIndex> parse(const Buffer& head) {
  return parse_wal_index(Bytes(head).first<kWalIndexHeadSize>());
}

Errc error_of(const Buffer& head) {
  const auto index = parse(head);
  REQUIRE_FALSE(index);
  return index.error().code;
}

TEST_CASE("a wal-index head is decoded") {
  for (const std::uint32_t page_size : {512U, 4096U, 32768U, 65536U}) {
    CAPTURE(page_size);
    const auto index = parse(wal_index_head(index_of(page_size)));
    REQUIRE(index);
    CHECK(*index == index_of(page_size));
  }
}

TEST_CASE("a wal-index that SQLite has not initialised: zeros") {
  CHECK(error_of(Buffer(kWalIndexHeadSize)) == Errc::no_data);
}

TEST_CASE("a torn wal-index header: one copy is newer") {
  Buffer head = wal_index_head(index_of());
  put_host32(head, 48 + 16, 602);
  CHECK(error_of(head) == Errc::busy);
}

TEST_CASE("a wal-index header with a wrong checksum in both copies") {
  Buffer head = wal_index_head(index_of());
  put_host32(head, 16, 602);
  put_host32(head, 48 + 16, 602);
  CHECK(error_of(head) == Errc::busy);
}

TEST_CASE("nBackfill above mxFrame: the reset has written its header only") {
  WalIndex index = index_of();
  index.n_backfill = index.mx_frame;
  CHECK(parse(wal_index_head(index)));
  ++index.n_backfill;
  CHECK(error_of(wal_index_head(index)) == Errc::busy);
}

TEST_CASE("a wal-index of another version") {
  Buffer head = wal_index_head(index_of());
  put_host32(head, 0, 3007001);
  seal_wal_index(head);
  CHECK(error_of(head) == Errc::unsupported);
}

TEST_CASE("a wal-index with an impossible page size") {
  for (const int stored : {0, 0x0201, 0x0600}) {
    Buffer head = wal_index_head(index_of());
    put_host16(head, 14, static_cast<std::uint16_t>(stored));
    seal_wal_index(head);
    CAPTURE(stored);
    CHECK(error_of(head) == Errc::corrupt);
  }
}

TEST_CASE("a wal-index that never had a frame has no page size") {
  WalIndex index;
  index.read_mark = {0, 0, kUnusedReadMark, kUnusedReadMark, kUnusedReadMark};
  const auto parsed = parse(wal_index_head(index));
  REQUIRE(parsed);
  CHECK(parsed->page_size == 0);
}

TEST_CASE("a wal-index at rest takes two reads") {
  const MemoryReader shm(wal_index_head(index_of()));
  const auto index = read_wal_index(shm);
  REQUIRE(index);
  CHECK(*index == index_of());
  CHECK(shm.reads() == 2);
}

TEST_CASE("a wal-index as it was read before takes one read") {
  WalIndexCache cache;
  const MemoryReader before(wal_index_head(index_of()));
  REQUIRE(read_wal_index(before, cache));
  const MemoryReader unchanged(wal_index_head(index_of()));
  CHECK(read_wal_index(unchanged, cache) == index_of());
  CHECK(unchanged.reads() == 1);
}

TEST_CASE("a wal-index that differs in its marks alone is read anew") {
  WalIndexCache cache;
  const MemoryReader before(wal_index_head(index_of()));
  REQUIRE(read_wal_index(before, cache));
  WalIndex moved = index_of();
  moved.read_mark[1] += 1;
  const MemoryReader after(wal_index_head(moved));
  CHECK(read_wal_index(after, cache) == moved);
  CHECK(after.reads() == 2);
}

TEST_CASE("a -shm file of zero length, or cut to three bytes by a recovery") {
  for (const std::size_t size : {0U, 3U, 135U}) {
    Buffer head = wal_index_head(index_of());
    head.resize(size);
    const auto index = read_wal_index(MemoryReader(head));
    CAPTURE(size);
    REQUIRE_FALSE(index);
    CHECK(index.error().code == Errc::no_data);
  }
}

TEST_CASE("a commit between the two reads makes it read again") {
  WalIndex newer = index_of();
  newer.i_change += 1;
  newer.mx_frame += 3;
  const MemoryReader shm(wal_index_head(index_of()), [&](int read, Buffer& content) {
    if (read == 1) content = wal_index_head(newer);
    return Result<void>();
  });
  const auto index = read_wal_index(shm);
  REQUIRE(index);
  CHECK(*index == newer);
  CHECK(shm.reads() == 4);
}

TEST_CASE("a truncation between the two reads") {
  const MemoryReader shm(wal_index_head(index_of()), [](int read, Buffer& content) {
    if (read == 1) content.resize(3);
    return Result<void>();
  });
  const auto index = read_wal_index(shm);
  REQUIRE_FALSE(index);
  CHECK(index.error().code == Errc::no_data);
}

TEST_CASE("a wal-index that changes under every read is busy after the bounded retries") {
  const MemoryReader shm(wal_index_head(index_of()), [](int read, Buffer& content) {
    WalIndex newer = index_of();
    newer.i_change += static_cast<std::uint32_t>(read);
    content = wal_index_head(newer);
    return Result<void>();
  });
  const auto index = read_wal_index(shm, 5);
  REQUIRE_FALSE(index);
  CHECK(index.error().code == Errc::busy);
  CHECK(shm.reads() == 10);
}

TEST_CASE("a header that stays torn is busy, and no more is read than was allowed") {
  Buffer head = wal_index_head(index_of());
  put_u8(head, 60, 2);
  const MemoryReader shm(head);
  const auto index = read_wal_index(shm, 3);
  REQUIRE_FALSE(index);
  CHECK(index.error().code == Errc::busy);
  CHECK(shm.reads() == 6);
}

TEST_CASE("an unknown version is not tried again") {
  Buffer head = wal_index_head(index_of());
  put_host32(head, 0, 1);
  seal_wal_index(head);
  const MemoryReader shm(head);
  const auto index = read_wal_index(shm);
  REQUIRE_FALSE(index);
  CHECK(index.error().code == Errc::unsupported);
  CHECK(shm.reads() == 2);
}

TEST_CASE("a read error of the -shm file is passed on") {
  const MemoryReader shm({}, MemoryReader::failing({Errc::io, "disk on fire"}));
  const auto index = read_wal_index(shm);
  REQUIRE_FALSE(index);
  CHECK(index.error().code == Errc::io);
  CHECK(index.error().message == "disk on fire");
}

}  // namespace
}  // namespace sqlite_exporter
