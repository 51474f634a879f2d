/// Any bytes as a WAL header and the frame header behind it, with and without the right checksum.
#include "collectors/sqlite/wal_header.h"

#include "collectors/sqlite/page_size.h"
#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

namespace {

void parse(Bytes input) {
  const auto header = parse_wal_header(input);
  if (!header) {
    fuzz::claim(header.error().code == Errc::corrupt || header.error().code == Errc::unsupported);
    return;
  }
  fuzz::claim(is_page_size(header->page_size));
  if (input.size() < kWalHeaderSize + kFrameHeaderSize) return;
  const FrameHeader frame = parse_frame_header(input.subspan<kWalHeaderSize, kFrameHeaderSize>());
  fuzz::claim(frame.page_number == be32(input.subspan<kWalHeaderSize, 4>()));
  if (frame.page_number == 0) return;
  fuzz::claim((frame_offset(frame.page_number, header->page_size) - kWalHeaderSize) %
                  (kFrameHeaderSize + header->page_size) ==
              0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input = fuzz::bytes_of(data, size);
  parse(input);
  if (size < kWalHeaderSize) return 0;
  fuzz::Buffer sealed = fuzz::buffer_of(input);
  test::seal_wal_header(sealed);
  parse(sealed);
  return 0;
}
