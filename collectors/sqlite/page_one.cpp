/// Walks the hash tables of a wal-index with a few small reads a block, newest block first.
#include "collectors/sqlite/page_one.h"

#include <algorithm>
#include <span>
#include <string>

namespace sqlite_exporter {
namespace {

constexpr std::uint32_t kFramesInFirstBlock = 4062;  ///< the head takes the room of 34
constexpr std::uint32_t kFramesInBlock = 4096;
constexpr std::uint64_t kBlockSize = 32768;
constexpr std::uint64_t kTableOffset = 16384;
constexpr std::size_t kSlots = 8192;
constexpr std::size_t kSlotWindow = 64;  ///< a table is at most half full, so most chains are short
/// 67 million frames, 256 GiB of 4 KiB pages. Only a forged mxFrame over a sparse file needs more.
constexpr std::uint64_t kMaxBlocks = 16384;

/// Both arrays are in host byte order, so that the file is read straight into them.
struct Scratch {
  std::array<std::uint16_t, kSlots> slots{};
  std::array<std::uint32_t, kFramesInBlock> page_numbers{};
};

struct Block {
  std::uint32_t frames_before;
  std::uint32_t capacity;
  std::uint64_t page_numbers_offset;
  std::uint64_t table_offset;
};

std::uint64_t block_of(std::uint32_t frame) {
  return (std::uint64_t{frame} + kFramesInBlock - kFramesInFirstBlock - 1) / kFramesInBlock;
}

Block block_at(std::uint64_t number) {
  const std::uint64_t offset = number * kBlockSize;
  if (number == 0) {
    return {0, kFramesInFirstBlock, kWalIndexHeadSize, kTableOffset};
  }
  const auto before = kFramesInFirstBlock + (number - 1) * kFramesInBlock;
  return {static_cast<std::uint32_t>(before), kFramesInBlock, offset, offset + kTableOffset};
}

/// Busy if the file ends before: recovery truncates a -shm and grows it again.
Result<void> fill(const Reader& reader, std::uint64_t offset, std::span<std::byte> into) {
  const auto count = reader.read_at(offset, into);
  if (!count) return fail(count.error());
  if (*count < into.size()) return fail(Errc::busy, "the file ends before what its index names");
  return {};
}

/// How many slots from `key` on are taken. Reads a window of them, and the whole table only if the
/// chain is longer.
Result<std::size_t> read_chain(const Reader& shm, const Block& block, std::size_t key,
                               Scratch& scratch) {
  const std::span slots(scratch.slots);
  const auto taken = [&](std::size_t limit) {
    std::size_t count = 0;
    while (count < limit && slots[(key + count) % kSlots] != 0) ++count;
    return count;
  };

  const std::size_t window = std::min(kSlotWindow, kSlots - key);
  auto filled = fill(shm, block.table_offset + key * sizeof(std::uint16_t),
                     std::as_writable_bytes(slots.subspan(key, window)));
  if (!filled) return fail(filled.error());
  if (const std::size_t count = taken(window); count < window) return count;

  filled = fill(shm, block.table_offset, std::as_writable_bytes(slots));
  if (!filled) return fail(filled.error());
  const std::size_t count = taken(kSlots);
  if (count == kSlots) return fail(Errc::corrupt, "a wal-index hash table has no empty slot");
  return count;
}

/// The newest frame of the page in one block, 0 if there is none up to `mx_frame`.
Result<std::uint32_t> newest_in_block(const Reader& shm, const Block& block, std::uint32_t mx_frame,
                                      std::uint32_t page_number, Scratch& scratch) {
  const std::size_t key = std::size_t{page_number} * 383 % kSlots;
  const auto chain = read_chain(shm, block, key, scratch);
  if (!chain) return fail(chain.error());
  const auto entry = [&](std::size_t i) -> std::uint32_t {
    return scratch.slots[(key + i) % kSlots];
  };

  // Entries above are frames of a transaction that is still being written.
  const std::uint32_t committed = std::min(mx_frame - block.frames_before, block.capacity);
  std::uint32_t lowest = block.capacity;
  std::uint32_t highest = 0;
  for (std::size_t i = 0; i < *chain; ++i) {
    if (entry(i) > block.capacity) return fail(Errc::corrupt, "a hash slot names no frame");
    if (entry(i) > committed) continue;
    lowest = std::min(lowest, entry(i));
    highest = std::max(highest, entry(i));
  }
  if (highest == 0) return 0;

  const auto wanted = std::span(scratch.page_numbers).subspan(lowest - 1, highest - lowest + 1);
  const auto filled = fill(shm, block.page_numbers_offset + (lowest - 1) * sizeof(std::uint32_t),
                           std::as_writable_bytes(wanted));
  if (!filled) return fail(filled.error());
  std::uint32_t newest = 0;
  for (std::size_t i = 0; i < *chain; ++i) {
    if (entry(i) > committed || scratch.page_numbers[entry(i) - 1] != page_number) continue;
    newest = std::max(newest, block.frames_before + entry(i));
  }
  return newest;
}

}  // namespace

Result<std::uint32_t> newest_frame_of_page(const Reader& shm, const WalIndex& index,
                                           std::uint32_t page_number) {
  if (index.mx_frame == 0) return 0;
  const std::uint64_t newest_block = block_of(index.mx_frame);
  if (newest_block >= kMaxBlocks) {
    return fail(Errc::limit, "too many frames to search: " + std::to_string(index.mx_frame));
  }
  Scratch scratch;
  for (std::uint64_t number = newest_block + 1; number-- > 0;) {
    const auto frame = newest_in_block(shm, block_at(number), index.mx_frame, page_number, scratch);
    if (!frame || *frame != 0) return frame;
  }
  return 0;
}

Result<DatabaseHeader> read_newest_page_one(const Reader& database, const Reader& wal,
                                            const Reader& shm, const WalIndex& index) {
  const auto frame = newest_frame_of_page(shm, index, 1);
  if (!frame) return fail(frame.error());
  if (*frame == 0) {
    std::array<std::byte, kDatabaseHeaderSize> header{};
    const auto count = database.read_at(0, header);
    if (!count) return fail(count.error());
    return parse_database_header(Bytes(header).first(*count));
  }

  std::array<std::byte, kFrameHeaderSize + kDatabaseHeaderSize> bytes{};
  const auto filled = fill(wal, frame_offset(*frame, index.page_size), bytes);
  if (!filled) return fail(filled.error());
  const FrameHeader header = parse_frame_header(Bytes(bytes).first<kFrameHeaderSize>());
  if (header.page_number != 1 || header.salts != index.salts) {
    return fail(Errc::busy, "the WAL was reset while page 1 was read");
  }
  return parse_database_header(Bytes(bytes).subspan<kFrameHeaderSize>());
}

}  // namespace sqlite_exporter
