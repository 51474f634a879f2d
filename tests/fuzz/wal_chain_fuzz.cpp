/// Any WAL whose checksums are right up to some frame: the chain is the one a plain scan finds.
#include "collectors/sqlite/wal_chain.h"

#include <algorithm>

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

namespace {

/// The last commit frame of the chain, by a scan that has all of the file in memory.
std::uint32_t last_commit(Bytes wal, const WalHeader& header) {
  const std::size_t frame_size = kFrameHeaderSize + header.page_size;
  WalChecksum sum = header.checksum;
  std::uint32_t last = 0;
  fuzz::take(wal, kWalHeaderSize);
  for (std::uint32_t frame = 1; wal.size() >= frame_size; ++frame) {
    const Bytes bytes = fuzz::take(wal, frame_size);
    const FrameHeader parsed = parse_frame_header(bytes.first<kFrameHeaderSize>());
    sum = wal_checksum(bytes.first<8>(), header.checksum_order, sum);
    sum = wal_checksum(bytes.subspan(kFrameHeaderSize), header.checksum_order, sum);
    if (parsed.checksum != sum || parsed.salts != header.salts || parsed.page_number == 0) break;
    if (parsed.commit_page_count != 0) last = frame;
  }
  return last;
}

void follow(const fuzz::Buffer& content, std::uint32_t after_frame) {
  const test::MemoryReader wal(content);
  const auto pending = committed_frames_beyond(wal, after_frame);
  fuzz::claim(wal.reads() <= 2 + 70);
  const auto header = parse_wal_header(content);
  if (!header) {
    fuzz::claim(pending ? *pending == Pending::none : pending.error().code == Errc::unsupported);
    return;
  }
  fuzz::claim(pending.has_value());
  const std::uint32_t last = last_commit(content, *header);
  fuzz::claim(*pending == Pending::unknown || (*pending == Pending::some) == (last > after_frame));
  // Only frames within 4 MiB are said to be known.
  constexpr std::uint64_t kBound = std::uint64_t{4} << 20U;
  fuzz::claim(*pending != Pending::unknown ||
              frame_offset(after_frame + 1, header->page_size) <= content.size());
  fuzz::claim(*pending != Pending::unknown || after_frame > 0 || content.size() >= kBound - 70'000);

  const auto held = holds_frame(wal, header->salts, header->page_size, last);
  fuzz::claim(held && *held == (last != 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes input = fuzz::bytes_of(data, size);
  const std::uint32_t after_frame = fuzz::take32(input);
  const std::uint32_t sealed_bytes = fuzz::take32(input);
  const std::uint32_t any_frame = fuzz::take32(input);
  fuzz::Buffer content = fuzz::buffer_of(input);
  follow(content, after_frame);
  fuzz::claim(holds_frame(test::MemoryReader(content), {}, after_frame, any_frame).has_value());
  if (content.size() < kWalHeaderSize) return 0;

  // No mutation would ever find a checksum, so the frames of the first part are given theirs.
  test::put_be32(content, 4, 3007000);
  test::put_be32(content, 8, 512);
  test::seal_wal_header(content);
  fuzz::Buffer sealed = fuzz::buffer_of(
      Bytes(content).first(kWalHeaderSize + sealed_bytes % (content.size() - kWalHeaderSize + 1)));
  test::seal_wal_frames(sealed);
  std::copy(sealed.begin(), sealed.end(), content.begin());
  follow(content, after_frame);
  return 0;
}
