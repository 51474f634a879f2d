/// Checks a WAL header in the order in which SQLite does.
#include "collectors/sqlite/wal_header.h"

#include <string>

#include "collectors/sqlite/page_size.h"

namespace sqlite_exporter {
namespace {

constexpr std::uint32_t kMagicWithoutByteOrder = 0x377f0682;
constexpr std::uint32_t kBigEndianChecksums = 1;  ///< the lowest bit of the magic

}  // namespace

Result<WalHeader> parse_wal_header(Bytes bytes) {
  if (bytes.size() < kWalHeaderSize) {
    return fail(Errc::corrupt,
                "the WAL header has " + std::to_string(bytes.size()) + " of its 32 bytes");
  }
  const std::uint32_t magic = be32(bytes.subspan<0, 4>());
  if ((magic & ~kBigEndianChecksums) != kMagicWithoutByteOrder) {
    return fail(Errc::corrupt, "not the magic of a WAL header");
  }
  const std::uint32_t page_size = be32(bytes.subspan<8, 4>());
  if (!is_page_size(page_size)) {
    return fail(Errc::corrupt, "no page size in the WAL header: " + std::to_string(page_size));
  }
  const auto order = (magic & kBigEndianChecksums) != 0 ? std::endian::big : std::endian::little;
  const WalChecksum stored{be32(bytes.subspan<24, 4>()), be32(bytes.subspan<28, 4>())};
  if (wal_checksum(bytes.first<24>(), order) != stored) {
    return fail(Errc::corrupt, "the checksum of the WAL header is wrong");
  }
  const std::uint32_t version = be32(bytes.subspan<4, 4>());
  if (version != kWalFormatVersion) {
    return fail(Errc::unsupported, "unknown WAL format version " + std::to_string(version));
  }
  return WalHeader{
      page_size, {be32(bytes.subspan<16, 4>()), be32(bytes.subspan<20, 4>())}, order, stored};
}

FrameHeader parse_frame_header(FixedBytes<kFrameHeaderSize> bytes) {
  return {be32(bytes.subspan<0, 4>()),
          be32(bytes.subspan<4, 4>()),
          {be32(bytes.subspan<8, 4>()), be32(bytes.subspan<12, 4>())},
          {be32(bytes.subspan<16, 4>()), be32(bytes.subspan<20, 4>())}};
}

}  // namespace sqlite_exporter
