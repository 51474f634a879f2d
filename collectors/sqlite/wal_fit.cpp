/// Compares page images, a few KiB at a time, newest frame first.
#include "collectors/sqlite/wal_fit.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>
#include <unordered_set>

#include "collectors/sqlite/database_header.h"
#include "collectors/sqlite/wal_header.h"

namespace sqlite_exporter {
namespace {

constexpr std::size_t kMaxFrameBytes = std::size_t{4} << 20U;
/// Pages: each of them was changed by one of the last commits.
constexpr std::size_t kCompared = 8;
/// Frames whose headers are read behind what was checkpointed, and within it: 4 ms, once.
constexpr std::uint32_t kLookedAt = 4096;
constexpr std::size_t kReservedOffset = 20;

/// The shape that both files have, or why there is nothing to compare.
struct Pair {
  const Reader& database;
  const Reader& wal;
  WalHeader header;
  std::uint32_t usable = 0;  ///< bytes of a page that are SQLite's

  std::uint32_t most_frames() const {
    return static_cast<std::uint32_t>(kMaxFrameBytes / (kFrameHeaderSize + header.page_size));
  }
};

struct Opened {
  WalFit fit = WalFit::unknown;  ///< where there is no pair
  std::optional<Pair> pair;
};

Result<Opened> pair_of(const Reader& database, const Reader& wal) {
  std::array<std::byte, kWalHeaderSize> wal_bytes{};
  const auto wal_size = wal.read_at(0, wal_bytes);
  if (!wal_size) return fail(wal_size.error());
  const Result<WalHeader> wal_header = parse_wal_header(Bytes(wal_bytes).first(*wal_size));
  if (!wal_header) return Opened{};

  std::array<std::byte, kDatabaseHeaderSize> bytes{};
  const auto size = database.read_at(0, bytes);
  if (!size) return fail(size.error());
  const Result<DatabaseHeader> header = parse_database_header(Bytes(bytes).first(*size));
  if (!header || header->odd_fields >= kTooOdd) return Opened{};
  if (header->page_size != wal_header->page_size) return Opened{WalFit::differs, std::nullopt};
  const auto reserved = std::to_integer<std::uint32_t>(bytes[kReservedOffset]);
  return Opened{WalFit::unknown, Pair{database, wal, *wal_header, header->page_size - reserved}};
}

/// Nothing where there is no such frame of this generation.
Result<std::optional<FrameHeader>> frame_of(const Pair& pair, std::uint32_t frame) {
  std::array<std::byte, kFrameHeaderSize> bytes{};
  const auto size = pair.wal.read_at(frame_offset(frame, pair.header.page_size), bytes);
  if (!size) return fail(size.error());
  if (*size < bytes.size()) return std::nullopt;
  const FrameHeader header = parse_frame_header(bytes);
  if (header.salts != pair.header.salts || header.page_number == 0) return std::nullopt;
  return header;
}

/// Unknown where the frame is cut off.
Result<WalFit> compare(const Pair& pair, std::uint32_t frame, std::uint32_t page_number) {
  constexpr std::uint32_t kChunk = 4096;
  std::array<std::byte, kChunk> image{};
  std::array<std::byte, kChunk> page{};
  const std::uint64_t image_at = frame_offset(frame, pair.header.page_size) + kFrameHeaderSize;
  const std::uint64_t page_at = (std::uint64_t{page_number} - 1) * pair.header.page_size;
  for (std::uint32_t offset = 0; offset < pair.usable; offset += kChunk) {
    const std::size_t length = std::min(kChunk, pair.usable - offset);
    const auto in_wal = pair.wal.read_at(image_at + offset, std::span(image).first(length));
    if (!in_wal) return fail(in_wal.error());
    if (*in_wal < length) return WalFit::unknown;
    const auto in_file = pair.database.read_at(page_at + offset, std::span(page).first(length));
    if (!in_file) return fail(in_file.error());
    if (*in_file < length ||
        !std::ranges::equal(std::span(image).first(length), std::span(page).first(length)))
      return WalFit::differs;
  }
  return WalFit::fits;
}

/// Pages that have been met, and how few the database had at any commit since: a checkpoint leaves
/// out those beyond.
class Met {
 public:
  /// True of the newest frame of a page that was copied.
  bool add(const FrameHeader& frame) {
    if (frame.commit_page_count != 0) fewest_ = std::min(fewest_, frame.commit_page_count);
    return pages_.insert(frame.page_number).second && frame.page_number <= fewest_;
  }

 private:
  std::unordered_set<std::uint32_t> pages_;
  std::uint32_t fewest_ = std::numeric_limits<std::uint32_t>::max();
};

/// False if there are too many. Frames beyond mxFrame too: the wal-index may be the older of both.
Result<bool> meet_those_behind(const Pair& pair, std::uint32_t checkpointed, Met& met) {
  for (std::uint32_t i = 0; i < kLookedAt; ++i) {
    if (checkpointed > std::numeric_limits<std::uint32_t>::max() - i - 1) return false;
    const auto frame = frame_of(pair, checkpointed + i + 1);
    if (!frame) return fail(frame.error());
    if (!*frame) return true;
    met.add(**frame);
  }
  return false;
}

}  // namespace

Result<WalFit> fit_of_checkpointed(const Reader& database, const Reader& wal,
                                   const WalIndex& index) {
  if (index.n_backfill == 0) return WalFit::unknown;
  const Result<Opened> opened = pair_of(database, wal);
  if (!opened) return fail(opened.error());
  if (!opened->pair) return opened->fit;
  const Pair& pair = *opened->pair;
  if (pair.header.salts != index.salts || pair.header.page_size != index.page_size)
    return WalFit::unknown;

  Met met;
  const Result<bool> all = meet_those_behind(pair, index.n_backfill, met);
  if (!all) return fail(all.error());
  if (!*all) return WalFit::unknown;
  std::size_t compared = 0;
  const std::uint32_t end = index.n_backfill - std::min(kLookedAt, index.n_backfill);
  for (std::uint32_t number = index.n_backfill; number > end && compared < kCompared; --number) {
    const auto frame = frame_of(pair, number);
    if (!frame) return fail(frame.error());
    if (!*frame) return WalFit::unknown;
    if (!met.add(**frame)) continue;
    const Result<WalFit> fit = compare(pair, number, (*frame)->page_number);
    if (!fit || *fit != WalFit::fits) return fit;
    ++compared;
  }
  return compared == 0 ? WalFit::unknown : WalFit::fits;
}

Result<WalFit> fit_of_any_frame(const Reader& database, const Reader& wal) {
  const Result<Opened> opened = pair_of(database, wal);
  if (!opened) return fail(opened.error());
  if (!opened->pair) return opened->fit;
  for (std::uint32_t number = 1; number <= opened->pair->most_frames(); ++number) {
    const auto frame = frame_of(*opened->pair, number);
    if (!frame) return fail(frame.error());
    if (!*frame) return number == 1 ? WalFit::unknown : WalFit::differs;
    const Result<WalFit> fit = compare(*opened->pair, number, (*frame)->page_number);
    if (!fit || *fit != WalFit::differs) return fit;
  }
  return WalFit::unknown;
}

}  // namespace sqlite_exporter
