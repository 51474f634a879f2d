/// Any WAL that grows to any other: what is followed is what a plain scan of the last one finds.
#include "collectors/sqlite/wal_follower.h"

#include <algorithm>

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

namespace {

/// The last commit frame of the chain, by a scan that has all of the file in memory.
std::uint32_t last_commit(Bytes wal, const WalHeader& header) {
  const std::size_t frame_size = kFrameHeaderSize + header.page_size;
  FrameChain chain(header);
  std::uint32_t last = 0;
  fuzz::take(wal, kWalHeaderSize);
  for (std::uint32_t frame = 1; wal.size() >= frame_size; ++frame) {
    const auto added = chain.add(fuzz::take(wal, frame_size));
    if (!added) break;
    if (added->commit_page_count != 0) last = frame;
  }
  return last;
}

void follow(WalFollower& follower, const fuzz::Buffer& content) {
  const test::MemoryReader wal(content);
  // Inputs are smaller than a step: one that was written over takes a second one.
  Result<void> stepped = follower.step(wal);
  if (stepped && !follower.complete()) stepped = follower.step(wal);
  fuzz::claim(!stepped || follower.complete());
  const auto header = parse_wal_header(content);
  fuzz::claim(content.empty() || stepped.has_value() == header.has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes input = fuzz::bytes_of(data, size);
  const std::uint32_t first_size = fuzz::take32(input);
  fuzz::Buffer content = fuzz::buffer_of(input);
  WalFollower follower;
  follow(follower, content);
  if (content.size() < kWalHeaderSize) return 0;

  // No mutation would ever find a checksum.
  test::put_be32(content, 4, 3007000);
  test::put_be32(content, 8, 512);
  test::seal_wal_header(content);
  test::seal_wal_frames(content);
  const std::size_t part = kWalHeaderSize + first_size % (content.size() - kWalHeaderSize + 1);
  WalFollower growing;
  follow(growing, fuzz::buffer_of(Bytes(content).first(part)));
  const std::uint32_t commits = growing.commits();
  follow(growing, content);
  fuzz::claim(growing.commits() >= commits);
  if (const auto header = parse_wal_header(content))
    fuzz::claim(growing.content().mx_frame == last_commit(content, *header));
  return 0;
}
