/// The wal-index hash and the newest page 1, over files made of code.
#include "tests/support/catch.h"

#include "collectors/sqlite/page_one.h"
#include "tests/support/sqlite_fixtures.h"

namespace sqlite_exporter {
namespace {

using test::Buffer;
using test::MemoryReader;
using test::put_be32;
using test::put_host16;
using test::wal_index_file;
using Pages = std::vector<std::uint32_t>;

constexpr WalSalts kSalts{11, 22};

WalIndex index_with(std::size_t mx_frame) {
  return {.page_size = 512, .mx_frame = static_cast<std::uint32_t>(mx_frame), .salts = kSalts};
}

std::uint32_t newest(const Buffer& shm, const WalIndex& index, std::uint32_t page_number) {
  const auto frame = newest_frame_of_page(MemoryReader(shm), index, page_number);
  INFO((frame ? "" : frame.error().message));
  REQUIRE(frame);
  return *frame;
}

Errc search_error(const Buffer& shm, const WalIndex& index) {
  const auto frame = newest_frame_of_page(MemoryReader(shm), index, 1);
  REQUIRE_FALSE(frame);
  return frame.error().code;
}

/// Every page of the WAL, and one that it does not hold, against a plain scan.
void check_every_page(const Pages& pages, std::size_t mx_frame, std::uint32_t last_page) {
  const Buffer shm = wal_index_file(index_with(mx_frame), pages);
  for (std::uint32_t page = 1; page <= last_page; ++page) {
    std::uint32_t expected = 0;
    for (std::uint32_t frame = 1; frame <= mx_frame; ++frame) {
      if (pages[frame - 1] == page) expected = frame;
    }
    CAPTURE(mx_frame, page);
    CHECK(newest(shm, index_with(mx_frame), page) == expected);
  }
}

TEST_CASE("the newest frame of each page in one block") { check_every_page({2, 1, 3, 1, 2}, 5, 4); }

TEST_CASE("frames above mxFrame do not count: they are not committed") {
  check_every_page({2, 1, 3, 1, 2}, 3, 4);
}

TEST_CASE("the newest frame around the border of the first block") {
  Pages pages(4064);
  for (std::size_t i = 0; i < pages.size(); ++i) pages[i] = static_cast<std::uint32_t>(i % 7 + 1);
  for (const std::size_t mx_frame : {4061U, 4062U, 4063U, 4064U}) {
    check_every_page(pages, mx_frame, 8);
  }
}

TEST_CASE("pages whose hash is the same") {
  // A table has 8192 slots, so pages that are 8192 apart share one.
  Pages pages;
  for (std::uint32_t i = 0; i < 200; ++i) pages.push_back(1 + 8192 * (i % 50));
  check_every_page(pages, pages.size(), 1);
  CHECK(newest(wal_index_file(index_with(200), pages), index_with(200), 1 + 8192 * 49) == 200);
}

TEST_CASE("a chain of slots that wraps around the end of the table") {
  std::uint32_t page = 1;
  while ((page * 383U) % 8192 != 8190) ++page;
  const Pages pages{page, page, page, page, page};
  CHECK(newest(wal_index_file(index_with(5), pages), index_with(5), page) == 5);
  CHECK(newest(wal_index_file(index_with(5), pages), index_with(4), page) == 4);
}

TEST_CASE("a page that is only in the first of three blocks costs a few reads") {
  Pages pages(9000);
  for (std::size_t i = 0; i < pages.size(); ++i) pages[i] = static_cast<std::uint32_t>(i % 90 + 2);
  pages[40] = 1;
  const MemoryReader shm(wal_index_file(index_with(9000), pages));
  const auto frame = newest_frame_of_page(shm, index_with(9000), 1);
  REQUIRE(frame);
  CHECK(*frame == 41);
  CHECK(shm.reads() <= 9);
}

TEST_CASE("an empty WAL holds no page and its -shm is not read") {
  const MemoryReader shm({});
  const auto frame = newest_frame_of_page(shm, index_with(0), 1);
  REQUIRE(frame);
  CHECK(*frame == 0);
  CHECK(shm.reads() == 0);
}

TEST_CASE("a full hash table without an empty slot") {
  Buffer shm = wal_index_file(index_with(4), {2, 2, 2, 2});
  for (std::size_t slot = 0; slot < 8192; ++slot) put_host16(shm, 16384 + 2 * slot, 1);
  CHECK(search_error(shm, index_with(4)) == Errc::corrupt);
}

TEST_CASE("a hash slot beyond the frames of its block") {
  Buffer shm = wal_index_file(index_with(1), {1});
  put_host16(shm, 16384 + 2 * 383, 4063);
  CHECK(search_error(shm, index_with(1)) == Errc::corrupt);
}

TEST_CASE("a -shm file that ends before the block of mxFrame: a recovery is at work") {
  CHECK(search_error(wal_index_file(index_with(5), {1, 2}), index_with(4063)) == Errc::busy);
  CHECK(search_error(Buffer(136), index_with(1)) == Errc::busy);
}

TEST_CASE("a forged mxFrame does not make the search endless") {
  CHECK(search_error(Buffer(32768), index_with(0xffffffff)) == Errc::limit);
}

TEST_CASE("a read error in the search is passed on") {
  const MemoryReader shm({}, MemoryReader::failing({Errc::stalled, "no answer"}));
  const auto frame = newest_frame_of_page(shm, index_with(1), 1);
  REQUIRE_FALSE(frame);
  CHECK(frame.error().code == Errc::stalled);
}

struct Files {
  Buffer database = test::database_header(512);
  Buffer wal;
  Buffer shm;
};

Files files_with(const Pages& pages) {
  Files files;
  std::vector<FrameHeader> frames;
  for (const std::uint32_t page : pages) frames.push_back(test::frame(page, 7, kSalts));
  files.wal = test::wal_file(512, frames);
  files.shm = wal_index_file(index_with(pages.size()), pages);
  return files;
}

Result<DatabaseHeader> read(const Files& files, std::size_t mx_frame) {
  return read_newest_page_one(MemoryReader(files.database), MemoryReader(files.wal),
                              MemoryReader(files.shm), index_with(mx_frame));
}

TEST_CASE("page 1 comes from its newest frame") {
  Files files = files_with({1, 2, 1, 2});
  put_be32(files.wal, static_cast<std::size_t>(frame_offset(3, 512)) + kFrameHeaderSize + 60, 42);
  const auto header = read(files, 4);
  REQUIRE(header);
  CHECK(header->user_version == 42);
  const auto earlier = read(files, 2);
  REQUIRE(earlier);
  CHECK(earlier->user_version == 0);
}

TEST_CASE("page 1 comes from the database file if the WAL holds none") {
  Files files = files_with({2, 3});
  put_be32(files.database, 60, 43);
  const auto header = read(files, 2);
  REQUIRE(header);
  CHECK(header->user_version == 43);
}

TEST_CASE("a database file of zero length has no page 1") {
  Files files = files_with({2});
  files.database.clear();
  const auto header = read(files, 1);
  REQUIRE_FALSE(header);
  CHECK(header.error().code == Errc::corrupt);
}

TEST_CASE("salts changed: the WAL was reset while page 1 was read") {
  Files files = files_with({2, 1});
  put_be32(files.wal, static_cast<std::size_t>(frame_offset(2, 512)) + 8, kSalts.salt1 + 1);
  const auto header = read(files, 2);
  REQUIRE_FALSE(header);
  CHECK(header.error().code == Errc::busy);
}

TEST_CASE("a frame of another page where page 1 was expected") {
  Files files = files_with({2, 1});
  put_be32(files.wal, static_cast<std::size_t>(frame_offset(2, 512)), 9);
  const auto header = read(files, 2);
  REQUIRE_FALSE(header);
  CHECK(header.error().code == Errc::busy);
}

TEST_CASE("a short -wal file: the frame of page 1 is gone") {
  Files files = files_with({2, 1});
  files.wal.resize(static_cast<std::size_t>(frame_offset(2, 512)) + 100);
  const auto header = read(files, 2);
  REQUIRE_FALSE(header);
  CHECK(header.error().code == Errc::busy);
}

TEST_CASE("a frame of page 1 that holds no database header") {
  Files files = files_with({1});
  put_be32(files.wal, kWalHeaderSize + kFrameHeaderSize, 0);
  const auto header = read(files, 1);
  REQUIRE_FALSE(header);
  CHECK(header.error().code == Errc::corrupt);
}

}  // namespace
}  // namespace sqlite_exporter
