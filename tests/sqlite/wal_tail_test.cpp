/// What a reset left of the old generation, in WALs written frame by frame.
#include "tests/support/catch.h"

#include "collectors/sqlite/wal_tail.h"
#include "tests/support/sqlite_fixtures.h"

namespace sqlite_exporter {
namespace {

using test::Buffer;
using test::MemoryReader;

constexpr WalSalts kOlder{9, 10};
constexpr WalSalts kOld{10, 20};
constexpr WalSalts kNew{11, 30};
constexpr std::uint32_t kPageSize = 512;

/// A WAL in writing: each call appends `frames` frames, the last of them a commit if `committed`.
class Wal {
 public:
  Wal& add(int frames, const WalSalts& salts, bool committed = true) {
    for (int i = 1; i <= frames; ++i) {
      frames_.push_back(test::frame(2, committed && i == frames ? 7U : 0U, salts));
    }
    return *this;
  }
  Buffer bytes() const { return test::wal_file(kPageSize, frames_); }

 private:
  std::vector<FrameHeader> frames_;
};

std::uint32_t end_of(const Buffer& wal, std::uint32_t old_mx_frame, std::uint32_t new_mx_frame) {
  const MemoryReader reader(wal);
  const auto end = last_committed_frame_of(reader, wal.size(), kPageSize, {kOld, old_mx_frame},
                                           kNew, new_mx_frame);
  REQUIRE(end);
  CHECK(reader.reads() <= 64);
  return *end;
}

TEST_CASE("old frames behind the new ones were committed after the last look") {
  CHECK(end_of(Wal().add(3, kNew).add(7, kOld).bytes(), 6, 3) == 10);
}

TEST_CASE("frames of generations before the old one do not count") {
  CHECK(end_of(Wal().add(3, kNew).add(7, kOld).add(50, kOlder).bytes(), 6, 3) == 10);
}

TEST_CASE("nothing was committed after the last look") {
  CHECK(end_of(Wal().add(3, kNew).add(7, kOld).bytes(), 10, 3) == 10);
}

TEST_CASE("old frames behind the last commit were never committed") {
  CHECK(end_of(Wal().add(3, kNew).add(7, kOld).add(20, kOld, false).bytes(), 6, 3) == 10);
  CHECK(end_of(Wal().add(3, kNew).add(7, kOld).add(20, kOld, false).bytes(), 10, 3) == 10);
}

TEST_CASE("the new generation overwrote all that was seen of the old one, but not its end") {
  CHECK(end_of(Wal().add(8, kNew).add(4, kOld).bytes(), 5, 8) == 12);
}

TEST_CASE("the new generation overwrote all of the old one") {
  CHECK(end_of(Wal().add(8, kNew).bytes(), 5, 8) == 5);
  CHECK(end_of(Wal().add(8, kNew).add(4, kOlder).bytes(), 5, 8) == 5);
}

TEST_CASE("the new generation overwrote every commit of the old one that was not seen") {
  CHECK(end_of(Wal().add(8, kNew).add(4, kOld, false).bytes(), 5, 8) == 5);
}

TEST_CASE("a transaction of the new generation is spilled beyond its mxFrame") {
  CHECK(end_of(Wal().add(3, kNew).add(9, kNew, false).add(4, kOld).bytes(), 5, 3) == 16);
  CHECK(end_of(Wal().add(3, kNew).add(9, kNew, false).add(4, kOlder).bytes(), 5, 3) == 5);
  CHECK(end_of(Wal().add(3, kNew).add(9, kNew, false).bytes(), 5, 3) == 5);
}

TEST_CASE("no commit within the bound proves nothing") {
  CHECK(end_of(Wal().add(1, kNew).add(9, kOld).add(500, kOld, false).bytes(), 4, 1) == 4);
}

TEST_CASE("a -wal file of zero length, or with its header only") {
  CHECK(end_of({}, 5, 0) == 5);
  CHECK(end_of(Wal().bytes(), 5, 0) == 5);
}

TEST_CASE("a frame that is cut off does not count") {
  Buffer wal = Wal().add(3, kNew).add(4, kOld).add(2, kOld).bytes();
  wal.pop_back();
  CHECK(end_of(wal, 5, 3) == 7);
}

TEST_CASE("a file that is shorter than it was a moment ago") {
  const Buffer wal = Wal().add(3, kNew).add(4, kOld).bytes();
  const MemoryReader reader(wal);
  const auto end = last_committed_frame_of(reader, wal.size() * 100, kPageSize, {kOld, 5}, kNew, 3);
  REQUIRE(end);
  CHECK(*end == 7);
}

TEST_CASE("the largest file there can be takes a bounded number of reads") {
  const MemoryReader reader(Wal().add(3, kOld).bytes());
  const auto end =
      last_committed_frame_of(reader, ~std::uint64_t{0}, kPageSize, {kOld, 0}, kNew, 0);
  REQUIRE(end);
  CHECK(*end == 3);
  CHECK(reader.reads() <= 64);
}

TEST_CASE("a read error in the tail is passed on") {
  const MemoryReader reader({}, MemoryReader::failing({Errc::io, "gone"}));
  const auto end = last_committed_frame_of(reader, 100'000, kPageSize, {kOld, 1}, kNew, 1);
  REQUIRE_FALSE(end);
  CHECK(end.error().code == Errc::io);
}

}  // namespace
}  // namespace sqlite_exporter
