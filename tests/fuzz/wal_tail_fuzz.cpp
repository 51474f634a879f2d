/// Any WAL with any two generations in it: nothing is claimed that the file does not prove.
#include "collectors/sqlite/wal_tail.h"

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes input = fuzz::bytes_of(data, size);
  const std::uint32_t page_size = 512U << (fuzz::take32(input) % 8);
  const std::uint64_t claimed_growth = fuzz::take32(input);
  const OldGeneration old{{fuzz::take32(input), fuzz::take32(input)}, fuzz::take32(input)};
  const WalSalts new_salts{fuzz::take32(input), fuzz::take32(input)};
  const std::uint32_t new_mx_frame = fuzz::take32(input);

  const test::MemoryReader wal(fuzz::buffer_of(input));
  const std::uint64_t wal_size = input.size() + claimed_growth * page_size;
  const auto end = last_committed_frame_of(wal, wal_size, page_size, old, new_salts, new_mx_frame);
  fuzz::claim(wal.reads() <= 64);
  fuzz::claim(end && *end >= old.mx_frame);
  if (*end == old.mx_frame) return 0;

  fuzz::claim(*end > new_mx_frame);
  const auto offset = static_cast<std::size_t>(frame_offset(*end, page_size));
  fuzz::claim(offset + kFrameHeaderSize <= input.size());
  const FrameHeader frame = parse_frame_header(input.subspan(offset).first<kFrameHeaderSize>());
  fuzz::claim(frame.salts == old.salts && frame.salts != new_salts);
  fuzz::claim(frame.commit_page_count != 0);
  return 0;
}
