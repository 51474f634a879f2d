/// Searches the end of an old generation: the file is a run of new frames, then old, then others.
#include "collectors/sqlite/wal_tail.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

namespace sqlite_exporter {
namespace {

constexpr int kMaxReads = 64;

std::uint32_t frames_in_file(std::uint64_t wal_size, std::uint32_t page_size) {
  if (wal_size < kWalHeaderSize) return 0;
  const std::uint64_t frames =
      (wal_size - kWalHeaderSize) / (kFrameHeaderSize + std::uint64_t{page_size});
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(frames, std::numeric_limits<std::uint32_t>::max()));
}

class FrameHeaders {
 public:
  FrameHeaders(const Reader& wal, std::uint32_t page_size) : wal_(wal), page_size_(page_size) {}

  /// Nothing if the file has become shorter than the frame.
  Result<std::optional<FrameHeader>> at(std::uint32_t frame) {
    ++reads_;
    std::array<std::byte, kFrameHeaderSize> bytes{};
    const auto count = wal_.read_at(frame_offset(frame, page_size_), bytes);
    if (!count) return fail(count.error());
    if (*count < bytes.size()) return std::nullopt;
    return parse_frame_header(bytes);
  }

  bool exhausted() const { return reads_ >= kMaxReads; }

 private:
  const Reader& wal_;
  std::uint32_t page_size_;
  int reads_ = 0;
};

}  // namespace

Result<std::uint32_t> last_committed_frame_of(const Reader& wal, std::uint64_t wal_size,
                                              std::uint32_t page_size, const OldGeneration& old,
                                              const WalSalts& new_salts,
                                              std::uint32_t new_mx_frame) {
  FrameHeaders headers(wal, page_size);
  const std::uint32_t start = std::max(old.mx_frame, new_mx_frame);
  const std::uint32_t in_file = frames_in_file(wal_size, page_size);

  // `end` is the last frame known to be of either generation. Frames of the new one may lie beyond
  // its mxFrame: a transaction that is being written, or one that was rolled back.
  std::uint32_t end = start;
  std::uint32_t last_candidate = std::max(in_file, start);
  while (end < last_candidate) {
    const std::uint32_t middle = last_candidate - (last_candidate - end) / 2;  // the upper one
    const auto header = headers.at(middle);
    if (!header) return fail(header.error());
    const bool of_either =
        *header && ((*header)->salts == old.salts || (*header)->salts == new_salts);
    if (of_either) {
      end = middle;
    } else {
      last_candidate = middle - 1;
    }
  }

  // Frames behind the last commit belong to a transaction that never was.
  for (std::uint32_t frame = end; frame > start && !headers.exhausted(); --frame) {
    const auto header = headers.at(frame);
    if (!header) return fail(header.error());
    if (!*header || (*header)->salts == new_salts || (*header)->salts != old.salts) break;
    if ((*header)->commit_page_count != 0) return frame;
  }
  return old.mx_frame;
}

}  // namespace sqlite_exporter
