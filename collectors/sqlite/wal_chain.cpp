/// Adds up the checksums of a WAL, a buffer of whole frames at a time.
#include "collectors/sqlite/wal_chain.h"

#include <array>
#include <limits>
#include <optional>
#include <span>

#include "collectors/sqlite/frame_chain.h"
#include "collectors/sqlite/page_size.h"

namespace sqlite_exporter {
namespace {

/// 1 to 2 ms of reading and adding up, and the 1,000 frames of 4 KiB pages at which SQLite
/// checkpoints of its own accord. A WAL that grew beyond has a checkpoint that failed, and a metric
/// that says so.
constexpr std::size_t kMaxChainBytes = std::size_t{4} << 20U;

/// One frame of the largest page, or as many of a smaller one as fit.
using FrameBuffer = std::array<std::byte, kFrameHeaderSize + kMaxPageSize>;

/// Nothing if the file ends before or within the header of the frame.
Result<std::optional<FrameHeader>> read_frame_header(const Reader& wal, std::uint32_t frame,
                                                     std::uint32_t page_size) {
  std::array<std::byte, kFrameHeaderSize> bytes{};
  const auto count = wal.read_at(frame_offset(frame, page_size), bytes);
  if (!count) return fail(count.error());
  if (*count < bytes.size()) return std::nullopt;
  return parse_frame_header(bytes);
}

/// Follows the chain from its first frame to a commit beyond `after_frame`, its end or the bound.
Result<Pending> follow(const Reader& wal, const WalHeader& header, std::uint32_t after_frame) {
  const std::size_t frame_size = kFrameHeaderSize + header.page_size;
  const std::size_t max_frames = kMaxChainBytes / frame_size;
  if (after_frame >= max_frames) return Pending::unknown;

  FrameBuffer buffer{};
  const std::span wanted = std::span(buffer).first(buffer.size() / frame_size * frame_size);
  FrameChain chain(header);
  std::uint32_t frame = 1;
  while (frame <= max_frames) {
    const auto count = wal.read_at(frame_offset(frame, header.page_size), wanted);
    if (!count) return fail(count.error());
    Bytes rest = Bytes(buffer).first(*count);
    for (; rest.size() >= frame_size; rest = rest.subspan(frame_size), ++frame) {
      const auto added = chain.add(rest.first(frame_size));
      if (!added) return Pending::none;
      if (frame > after_frame && added->commit_page_count != 0) return Pending::some;
    }
    if (*count < wanted.size()) return Pending::none;
  }
  return Pending::unknown;
}

}  // namespace

Result<Pending> committed_frames_beyond(const Reader& wal, std::uint32_t after_frame) {
  std::array<std::byte, kWalHeaderSize> bytes{};
  const auto count = wal.read_at(0, bytes);
  if (!count) return fail(count.error());
  const auto header = parse_wal_header(Bytes(bytes).first(*count));
  if (!header && header.error().code == Errc::corrupt) return Pending::none;
  if (!header) return fail(header.error());

  // Most WALs end here: one that was checkpointed whole has nothing behind, or an old generation.
  if (after_frame == std::numeric_limits<std::uint32_t>::max()) return Pending::none;
  const auto next = read_frame_header(wal, after_frame + 1, header->page_size);
  if (!next) return fail(next.error());
  if (!*next || (*next)->salts != header->salts) return Pending::none;

  return follow(wal, *header, after_frame);
}

Result<bool> holds_frame(const Reader& wal, const WalSalts& salts, std::uint32_t page_size,
                         std::uint32_t frame) {
  if (frame == 0 || !is_page_size(page_size)) return false;
  const auto header = read_frame_header(wal, frame, page_size);
  if (!header) return fail(header.error());
  return *header && (*header)->salts == salts && (*header)->commit_page_count != 0;
}

}  // namespace sqlite_exporter
