#include "collectors/sqlite/wal_follower.h"

#include <array>
#include <limits>
#include <span>
#include <utility>

#include "collectors/sqlite/page_size.h"

namespace sqlite_exporter {
namespace {

/// 1 to 2 ms of reading and adding up.
constexpr std::size_t kMaxStepBytes = std::size_t{4} << 20U;

using FrameBuffer = std::array<std::byte, kFrameHeaderSize + kMaxPageSize>;

}  // namespace

void WalFollower::begin(const WalHeader& header) {
  // The size of the database outlives a generation.
  content_ = {header.salts, header.page_size, 0, content_.n_page, false, std::nullopt};
  committed_ = Position{FrameChain(header), 1, std::nullopt, false};
  ahead_ = committed_;
}

void WalFollower::commit(const FrameHeader& header) {
  content_.mx_frame = ahead_->frame - 1;
  content_.n_page = header.commit_page_count;
  ++commits_;
  if (std::exchange(ahead_->has_page_one, false)) {
    content_.has_page_one = true;
    content_.page_one = std::exchange(ahead_->page_one, std::nullopt);
  }
  committed_ = ahead_;
}

bool WalFollower::add(Bytes frame) {
  if (ahead_->frame == std::numeric_limits<std::uint32_t>::max()) return false;
  const FrameChain before = ahead_->chain;
  const auto added = ahead_->chain.add(frame);
  if (!added) {
    ahead_->chain = before;
    return false;
  }
  ++ahead_->frame;
  if (added->page_number == 1) {
    const auto header =
        parse_database_header(frame.subspan(kFrameHeaderSize).first(kDatabaseHeaderSize));
    ahead_->has_page_one = true;
    ahead_->page_one = header ? std::optional(*header) : std::nullopt;
  }
  if (added->commit_page_count != 0) commit(*added);
  return true;
}

void WalFollower::end(std::uint32_t first) {
  // Nothing fits behind frames without a commit: they may have been written over since.
  complete_ = ahead_->frame != first || first == committed_->frame;
  if (!complete_) ahead_ = committed_;
}

Result<void> WalFollower::step(const Reader& wal) {
  complete_ = false;
  std::array<std::byte, kWalHeaderSize> bytes{};
  const auto size = wal.read_at(0, bytes);
  if (!size) return fail(size.error());
  if (*size == 0) {  // never written, or truncated by a checkpoint
    content_.mx_frame = 0;
    content_.has_page_one = false;
    content_.page_one.reset();
    committed_.reset();
    ahead_.reset();
    complete_ = true;
    return {};
  }
  const auto header = parse_wal_header(Bytes(bytes).first(*size));
  if (!header && header.error().code == Errc::corrupt)
    return fail(Errc::busy, "the header of the WAL is being written");
  if (!header) return fail(header.error());
  if (!committed_ || header->salts != content_.salts || header->page_size != content_.page_size)
    begin(*header);

  const std::size_t frame_size = kFrameHeaderSize + header->page_size;
  FrameBuffer buffer{};
  const std::span wanted = std::span(buffer).first(buffer.size() / frame_size * frame_size);
  const std::uint32_t first = ahead_->frame;
  for (std::size_t read = 0; read < kMaxStepBytes; read += wanted.size()) {
    const auto count = wal.read_at(frame_offset(ahead_->frame, header->page_size), wanted);
    if (!count) return fail(count.error());
    Bytes rest = Bytes(buffer).first(*count);
    for (; rest.size() >= frame_size; rest = rest.subspan(frame_size))
      if (!add(rest.first(frame_size))) {
        end(first);
        return {};
      }
    if (*count < wanted.size()) {
      end(first);
      return {};
    }
  }
  return {};
}

}  // namespace sqlite_exporter
