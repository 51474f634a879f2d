/// Chains of frames, whole and broken, one fault at a time.
#include "tests/support/catch.h"

#include <limits>

#include "collectors/sqlite/wal_chain.h"
#include "tests/support/sqlite_fixtures.h"

namespace sqlite_exporter {
namespace {

using test::Buffer;
using test::MemoryReader;
using test::put_be32;

constexpr WalSalts kSalts{11, 30};
constexpr WalSalts kOlder{10, 20};
constexpr std::uint32_t kPageSize = 512;
constexpr std::uint32_t kLastNumber = std::numeric_limits<std::uint32_t>::max();

/// A WAL of `frames` frames of which those in `commits` end a transaction.
Buffer wal_of(int frames, const std::vector<int>& commits, std::uint32_t page_size = kPageSize) {
  std::vector<FrameHeader> headers(static_cast<std::size_t>(frames), test::frame(2, 0, kSalts));
  for (const int frame : commits) {
    headers.at(static_cast<std::size_t>(frame - 1)).commit_page_count = 7;
  }
  Buffer wal = test::wal_file(page_size, headers);
  test::seal_wal_frames(wal);
  return wal;
}

std::size_t offset_of(std::uint32_t frame) {
  return static_cast<std::size_t>(frame_offset(frame, kPageSize));
}

Pending beyond(const Buffer& wal, std::uint32_t after_frame) {
  const auto pending = committed_frames_beyond(MemoryReader(wal), after_frame);
  INFO((pending ? "" : pending.error().message));
  REQUIRE(pending);
  return *pending;
}

/// Frames up to this one are committed: `some` is answered for every frame before it, else `none`.
std::uint32_t committed_up_to(const Buffer& wal) {
  std::uint32_t frame = 0;
  while (beyond(wal, frame) == Pending::some) ++frame;
  for (std::uint32_t after = frame; after < frame + 10; ++after) {
    CHECK(beyond(wal, after) == Pending::none);
  }
  return frame;
}

TEST_CASE("the last commit frame ends what is committed") {
  CHECK(committed_up_to(wal_of(9, {2, 5, 7})) == 7);
  CHECK(committed_up_to(wal_of(1, {1})) == 1);
  CHECK(committed_up_to(wal_of(300, {250})) == 250);
}

TEST_CASE("checksums in the other byte order are as good") {
  Buffer wal = wal_of(9, {2, 5, 7});
  put_be32(wal, 0, 0x377f0683);
  test::seal_wal_header(wal);
  test::seal_wal_frames(wal);
  CHECK(committed_up_to(wal) == 7);
}

TEST_CASE("frames without a commit never were") { CHECK(committed_up_to(wal_of(9, {})) == 0); }

TEST_CASE("an empty -wal file, and one of a header only, bring nothing back") {
  CHECK(committed_up_to({}) == 0);
  CHECK(committed_up_to(wal_of(0, {})) == 0);
}

TEST_CASE("a WAL with an invalid header brings nothing back") {
  for (const std::size_t offset : {0U, 8U, 16U, 24U, 28U}) {
    Buffer wal = wal_of(3, {3});
    put_be32(wal, offset, 0x12345678);
    CAPTURE(offset);
    CHECK(beyond(wal, 0) == Pending::none);
  }
}

TEST_CASE("a chain is not followed in a format that is not known") {
  Buffer wal = wal_of(3, {3});
  put_be32(wal, 4, 3007001);
  test::seal_wal_header(wal);
  const auto pending = committed_frames_beyond(MemoryReader(wal), 0);
  REQUIRE_FALSE(pending);
  CHECK(pending.error().code == Errc::unsupported);
}

TEST_CASE("a frame that is cut off ends the chain") {
  Buffer wal = wal_of(5, {2, 5});
  wal.pop_back();
  CHECK(committed_up_to(wal) == 2);
  wal.resize(offset_of(5) + 3);
  CHECK(committed_up_to(wal) == 2);
}

TEST_CASE("a frame of another generation ends the chain, whatever its checksum") {
  for (const std::size_t salt : {8U, 12U}) {
    Buffer wal = wal_of(5, {2, 3, 5});
    put_be32(wal, offset_of(3) + salt, kOlder.salt1);
    test::seal_wal_frames(wal);
    CAPTURE(salt);
    CHECK(committed_up_to(wal) == 2);
  }
}

TEST_CASE("a frame of page 0 ends the chain, whatever its checksum") {
  Buffer wal = wal_of(5, {2, 3, 5});
  put_be32(wal, offset_of(3), 0);
  test::seal_wal_frames(wal);
  CHECK(committed_up_to(wal) == 2);
}

TEST_CASE("a wrong checksum ends the chain, though frames behind it would fit") {
  for (const std::size_t offset : {0U, 4U, 16U, 20U, 24U, 400U, 532U}) {
    Buffer wal = wal_of(5, {2, 3, 5});
    put_be32(wal, offset_of(3) + offset, 0x12345678);
    CAPTURE(offset);
    CHECK(committed_up_to(wal) == 2);
  }
}

TEST_CASE("what lies behind the bound is unknown") {
  constexpr int kFramesWithinBound = 1018;
  CHECK(beyond(wal_of(1100, {1018}, 4096), 0) == Pending::some);
  CHECK(beyond(wal_of(1100, {1018}, 4096), 1017) == Pending::some);
  CHECK(beyond(wal_of(1100, {900, 1100}, 4096), 899) == Pending::some);
  CHECK(beyond(wal_of(1100, {900, 1100}, 4096), 900) == Pending::unknown);
  CHECK(beyond(wal_of(1100, {1100}, 4096), kFramesWithinBound) == Pending::unknown);
  CHECK(beyond(wal_of(1100, {1100}, 4096), 1100) == Pending::none);
  CHECK(beyond(wal_of(65, {}, 65536), 0) == Pending::unknown);
  CHECK(beyond(wal_of(60, {}, 65536), 0) == Pending::none);
}

TEST_CASE("the bound is one of bytes, and each read takes many of them") {
  const MemoryReader small(wal_of(9000, {}));
  CHECK(committed_frames_beyond(small, 0) == Pending::unknown);
  CHECK(small.reads() <= 2 + 66);
  const MemoryReader large(wal_of(100, {}, 65536));
  CHECK(committed_frames_beyond(large, 0) == Pending::unknown);
  CHECK(large.reads() <= 2 + 64);
}

TEST_CASE("a WAL that was checkpointed whole takes two reads") {
  const MemoryReader wal(wal_of(1100, {1100}, 4096));
  CHECK(committed_frames_beyond(wal, 1100) == Pending::none);
  CHECK(wal.reads() == 2);
}

TEST_CASE("a WAL with an old generation behind takes two reads") {
  Buffer content = wal_of(900, {600, 900});
  put_be32(content, offset_of(601) + 8, kOlder.salt1);
  const MemoryReader wal(content);
  CHECK(committed_frames_beyond(wal, 600) == Pending::none);
  CHECK(wal.reads() == 2);
}

TEST_CASE("a chain that is too long to tell is not begun") {
  const MemoryReader wal(wal_of(1100, {1100}, 4096));
  CHECK(committed_frames_beyond(wal, 1050) == Pending::unknown);
  CHECK(wal.reads() == 2);
}

TEST_CASE("there is no frame beyond the last number") {
  const MemoryReader wal(wal_of(3, {3}));
  CHECK(committed_frames_beyond(wal, kLastNumber) == Pending::none);
  CHECK(wal.reads() == 1);  // frame 0 would lie before the file
  CHECK(beyond(wal_of(3, {3}), kLastNumber - 1) == Pending::none);
}

TEST_CASE("a read error in the chain is passed on, whichever read it is") {
  for (const int failing : {0, 1, 2, 3}) {
    const MemoryReader wal(wal_of(300, {}), [failing](int read, Buffer&) -> Result<void> {
      if (read == failing) return fail(Errc::io, "gone");
      return {};
    });
    CAPTURE(failing);
    const auto pending = committed_frames_beyond(wal, 0);
    REQUIRE_FALSE(pending);
    CHECK(pending.error().code == Errc::io);
  }
}

TEST_CASE("a WAL that is truncated under the reads has lost its frames") {
  const MemoryReader wal(wal_of(300, {300}), [](int read, Buffer& content) -> Result<void> {
    if (read == 3) content.clear();
    return {};
  });
  CHECK(committed_frames_beyond(wal, 0) == Pending::none);
}

TEST_CASE("a commit frame that the wal-index names is in the WAL, or is not") {
  const MemoryReader wal(wal_of(5, {2, 5}));
  CHECK(holds_frame(wal, kSalts, kPageSize, 2) == true);
  CHECK(holds_frame(wal, kSalts, kPageSize, 5) == true);
  CHECK(wal.reads() == 2);
  CHECK(holds_frame(wal, kSalts, kPageSize, 1) == false);
  CHECK(holds_frame(wal, kSalts, kPageSize, 6) == false);
  CHECK(holds_frame(wal, kSalts, kPageSize, kLastNumber) == false);
  CHECK(holds_frame(wal, kOlder, kPageSize, 2) == false);
  CHECK(holds_frame(wal, {kSalts.salt1, 0}, kPageSize, 2) == false);
  CHECK(holds_frame(wal, {0, kSalts.salt2}, kPageSize, 2) == false);
  CHECK(holds_frame(wal, kSalts, 1024, 2) == false);
}

TEST_CASE("a wal-index without a frame, or without a page size, names none") {
  const MemoryReader wal(wal_of(5, {2, 5}));
  CHECK(holds_frame(wal, kSalts, kPageSize, 0) == false);
  CHECK(holds_frame(wal, kSalts, 0, 2) == false);
  CHECK(wal.reads() == 0);
}

TEST_CASE("a read error at the named frame is passed on") {
  const auto held = holds_frame(MemoryReader({}, MemoryReader::failing({Errc::io, "gone"})), kSalts,
                                kPageSize, 1);
  REQUIRE_FALSE(held);
  CHECK(held.error().code == Errc::io);
}

}  // namespace
}  // namespace sqlite_exporter
