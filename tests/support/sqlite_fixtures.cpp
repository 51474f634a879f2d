/// Writes the bytes that SQLite would, field by field.
#include "tests/support/sqlite_fixtures.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "collectors/sqlite/wal_checksum.h"

namespace sqlite_exporter::test {
namespace {

constexpr std::size_t kBlockSize = 32768;
constexpr std::size_t kTableOffset = 16384;
constexpr std::size_t kSlots = 8192;
constexpr std::size_t kFramesInFirstBlock = 4062;
constexpr std::size_t kFramesInBlock = 4096;

void put(Buffer& into, std::size_t offset, const void* value, std::size_t size) {
  std::memcpy(std::span(into).subspan(offset, size).data(), value, size);
}

std::uint16_t host16_at(const Buffer& buffer, std::size_t offset) {
  return host16(Bytes(buffer).subspan(offset).first<2>());
}

std::endian checksum_order(const Buffer& wal) {
  const bool big_endian = (std::to_integer<unsigned>(wal.at(3)) & 1U) != 0;
  return big_endian ? std::endian::big : std::endian::little;
}

}  // namespace

void put_u8(Buffer& into, std::size_t offset, std::uint8_t value) {
  put(into, offset, &value, sizeof value);
}

void put_be16(Buffer& into, std::size_t offset, std::uint16_t value) {
  put_u8(into, offset, static_cast<std::uint8_t>(value >> 8U));
  put_u8(into, offset + 1, static_cast<std::uint8_t>(value & 0xffU));
}

void put_be32(Buffer& into, std::size_t offset, std::uint32_t value) {
  put_be16(into, offset, static_cast<std::uint16_t>(value >> 16U));
  put_be16(into, offset + 2, static_cast<std::uint16_t>(value & 0xffffU));
}

void put_host16(Buffer& into, std::size_t offset, std::uint16_t value) {
  put(into, offset, &value, sizeof value);
}

void put_host32(Buffer& into, std::size_t offset, std::uint32_t value) {
  put(into, offset, &value, sizeof value);
}

Buffer database_header(std::uint32_t page_size) {
  constexpr std::string_view kMagic{"SQLite format 3\0", kDatabaseMagicSize};
  Buffer header(kDatabaseHeaderSize);
  put(header, 0, kMagic.data(), kMagic.size());
  put_be16(header, 16, static_cast<std::uint16_t>(page_size == 65536 ? 1U : page_size));
  put_u8(header, 18, 2);
  put_u8(header, 19, 2);
  put_u8(header, 21, 64);
  put_u8(header, 22, 32);
  put_u8(header, 23, 32);
  put_be32(header, 24, 5);   // change counter
  put_be32(header, 28, 7);   // pages
  put_be32(header, 36, 2);   // freelist pages
  put_be32(header, 40, 11);  // schema cookie
  put_be32(header, 44, 4);   // schema format
  put_be32(header, 56, 1);   // UTF-8
  put_be32(header, 92, 5);   // version-valid-for
  put_be32(header, 96, 3040001);
  return header;
}

Buffer wal_header(std::uint32_t page_size, const WalSalts& salts, bool big_endian_checksums) {
  Buffer header(kWalHeaderSize);
  put_be32(header, 0, big_endian_checksums ? 0x377f0683U : 0x377f0682U);
  put_be32(header, 4, 3007000);
  put_be32(header, 8, page_size);
  put_be32(header, 16, salts.salt1);
  put_be32(header, 20, salts.salt2);
  seal_wal_header(header);
  return header;
}

void seal_wal_header(Buffer& wal) {
  const auto sum = wal_checksum(Bytes(wal).first<24>(), checksum_order(wal));
  put_be32(wal, 24, sum.s0);
  put_be32(wal, 28, sum.s1);
}

Buffer wal_file(std::uint32_t page_size, const std::vector<FrameHeader>& frames) {
  Buffer wal = wal_header(page_size, frames.empty() ? WalSalts{1, 2} : frames.front().salts);
  for (const FrameHeader& header : frames) {
    const std::size_t offset = wal.size();
    wal.resize(offset + kFrameHeaderSize + page_size);
    put_be32(wal, offset, header.page_number);
    put_be32(wal, offset + 4, header.commit_page_count);
    put_be32(wal, offset + 8, header.salts.salt1);
    put_be32(wal, offset + 12, header.salts.salt2);
    put_be32(wal, offset + 16, header.checksum.s0);
    put_be32(wal, offset + 20, header.checksum.s1);
    if (header.page_number == 1) {
      const Buffer page_one = database_header(page_size);
      put(wal, offset + kFrameHeaderSize, page_one.data(), page_one.size());
    }
  }
  return wal;
}

void seal_wal_frames(Buffer& wal) {
  const std::endian order = checksum_order(wal);
  const std::size_t frame_size = kFrameHeaderSize + be32(Bytes(wal).subspan<8, 4>());
  WalChecksum sum{be32(Bytes(wal).subspan<24, 4>()), be32(Bytes(wal).subspan<28, 4>())};
  for (std::size_t at = kWalHeaderSize; wal.size() - at >= frame_size; at += frame_size) {
    const Bytes frame = Bytes(wal).subspan(at, frame_size);
    sum = wal_checksum(frame.first<8>(), order, sum);
    sum = wal_checksum(frame.subspan(kFrameHeaderSize), order, sum);
    put_be32(wal, at + 16, sum.s0);
    put_be32(wal, at + 20, sum.s1);
  }
}

Buffer wal_index_head(const WalIndex& index) {
  Buffer head(kWalIndexHeadSize);
  put_host32(head, 0, 3007000);
  put_host32(head, 8, index.i_change);
  put_u8(head, 12, 1);
  put_host16(head, 14, static_cast<std::uint16_t>(index.page_size | (index.page_size >> 16U)));
  put_host32(head, 16, index.mx_frame);
  put_host32(head, 20, index.n_page);
  put_be32(head, 32, index.salts.salt1);
  put_be32(head, 36, index.salts.salt2);
  put_host32(head, 96, index.n_backfill);
  for (std::size_t i = 0; i < index.read_mark.size(); ++i) {
    put_host32(head, 100 + 4 * i, index.read_mark[i]);
  }
  put_host32(head, 128, index.n_backfill_attempted);
  seal_wal_index(head);
  return head;
}

void seal_wal_index(Buffer& shm) {
  const auto sum = wal_checksum(Bytes(shm).first<40>(), std::endian::native);
  put_host32(shm, 40, sum.s0);
  put_host32(shm, 44, sum.s1);
  std::copy_n(shm.begin(), 48, shm.begin() + 48);
}

Buffer wal_index_file(const WalIndex& index, const std::vector<std::uint32_t>& page_of_frame) {
  Buffer shm = wal_index_head(index);
  shm.resize(kBlockSize);
  std::size_t block = 0;
  std::size_t in_block = 0;
  for (const std::uint32_t page_number : page_of_frame) {
    if (in_block == (block == 0 ? kFramesInFirstBlock : kFramesInBlock)) {
      ++block;
      in_block = 0;
      shm.resize(shm.size() + kBlockSize);
    }
    const std::size_t pages = block * kBlockSize + (block == 0 ? kWalIndexHeadSize : 0);
    const std::size_t table = block * kBlockSize + kTableOffset;
    std::size_t slot = std::size_t{page_number} * 383 % kSlots;
    while (host16_at(shm, table + 2 * slot) != 0) slot = (slot + 1) % kSlots;
    put_host32(shm, pages + 4 * in_block, page_number);
    put_host16(shm, table + 2 * slot, static_cast<std::uint16_t>(++in_block));
  }
  return shm;
}

}  // namespace sqlite_exporter::test
