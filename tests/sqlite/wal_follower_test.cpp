/// A WAL that grows, is reset, truncated, or written over, followed step by step.
#include "collectors/sqlite/wal_follower.h"

#include <vector>

#include "tests/support/catch.h"
#include "tests/support/sqlite_fixtures.h"

namespace sqlite_exporter {
namespace {

using test::Buffer;
using test::frame;
using test::MemoryReader;

constexpr WalSalts kSalts{11, 30};
constexpr WalSalts kNext{12, 99};

Buffer sealed(const std::vector<FrameHeader>& frames, std::uint32_t page_size = 512) {
  Buffer wal = test::wal_file(page_size, frames);
  test::seal_wal_frames(wal);
  return wal;
}

void step(WalFollower& follower, const Buffer& wal) {
  const Result<void> stepped = follower.step(MemoryReader(wal));
  INFO((stepped ? "" : stepped.error().message));
  REQUIRE(stepped);
}

TEST_CASE("commits, frames and pages of a WAL that grows") {
  WalFollower follower;
  std::vector<FrameHeader> frames = {frame(1, 0, kSalts), frame(2, 5, kSalts)};
  step(follower, sealed(frames));
  CHECK(follower.complete());
  CHECK(follower.commits() == 1);
  CHECK(follower.content().mx_frame == 2);
  CHECK(follower.content().n_page == 5);
  REQUIRE(follower.content().page_one);
  CHECK(follower.content().page_one->encoding == TextEncoding::utf8);

  frames.push_back(frame(3, 0, kSalts));  // not committed yet
  step(follower, sealed(frames));
  CHECK(follower.content().mx_frame == 2);
  frames.push_back(frame(4, 6, kSalts));
  frames.push_back(frame(2, 6, kSalts));
  step(follower, sealed(frames));
  CHECK(follower.complete());
  CHECK(follower.commits() == 3);
  CHECK(follower.content().mx_frame == 5);
  CHECK(follower.content().n_page == 6);
}

TEST_CASE("frames without a commit that are written over are read again") {
  WalFollower follower;
  std::vector<FrameHeader> frames = {frame(2, 5, kSalts), frame(3, 0, kSalts), frame(4, 0, kSalts)};
  step(follower, sealed(frames));
  CHECK(follower.content().mx_frame == 1);
  frames = {frame(2, 5, kSalts), frame(7, 0, kSalts), frame(8, 0, kSalts), frame(9, 9, kSalts)};
  step(follower, sealed(frames));
  CHECK_FALSE(follower.complete());  // it does not fit behind what was read
  step(follower, sealed(frames));
  CHECK(follower.complete());
  CHECK(follower.commits() == 2);
  CHECK(follower.content().mx_frame == 4);
  CHECK(follower.content().n_page == 9);
}

TEST_CASE("a reset begins anew with other salts, and commits add up") {
  WalFollower follower;
  step(follower, sealed({frame(2, 5, kSalts), frame(3, 5, kSalts), frame(2, 5, kSalts)}));
  step(follower, sealed({frame(2, 8, kNext), frame(3, 5, kSalts), frame(2, 5, kSalts)}));
  CHECK(follower.complete());
  CHECK(follower.commits() == 4);
  CHECK(follower.content().salts == kNext);
  CHECK(follower.content().mx_frame == 1);
  CHECK(follower.content().n_page == 8);
}

TEST_CASE("a truncated WAL has no frames, and the pages that there were") {
  WalFollower follower;
  step(follower, sealed({frame(1, 5, kSalts)}));
  step(follower, {});
  CHECK(follower.complete());
  CHECK(follower.content().mx_frame == 0);
  CHECK(follower.content().n_page == 5);
  CHECK_FALSE(follower.content().page_one);
}

TEST_CASE("a header that is being written is busy, and nothing is forgotten") {
  WalFollower follower;
  const Buffer wal = sealed({frame(2, 5, kSalts)});
  step(follower, wal);
  Buffer torn = wal;
  torn[20] ^= std::byte{1};
  const Result<void> stepped = follower.step(MemoryReader(torn));
  REQUIRE_FALSE(stepped);
  CHECK(stepped.error().code == Errc::busy);
  CHECK_FALSE(follower.complete());
  step(follower, wal);
  CHECK(follower.complete());
  CHECK(follower.commits() == 1);
}

TEST_CASE("a step is bounded, and the next one goes on") {
  const std::uint32_t page_size = 65536;
  const std::vector<FrameHeader> frames(100, frame(2, 5, kSalts));  // 6.5 MiB
  const Buffer wal = sealed(frames, page_size);
  WalFollower follower;
  step(follower, wal);
  CHECK_FALSE(follower.complete());
  CHECK(follower.commits() < 70);
  step(follower, wal);
  CHECK(follower.complete());
  CHECK(follower.commits() == 100);
}

}  // namespace
}  // namespace sqlite_exporter
