#include "collectors/exclusive_wal.h"

#include <algorithm>
#include <array>

namespace sqlite_exporter {

namespace {

/// A second at the rate of the sampler: then the last reading is no longer one of now.
constexpr unsigned kMostBehind = 10;

/// Twice the frames at which SQLite checkpoints of its own accord.
constexpr std::uint32_t kMostTailFrames = 2048;

/// Commit frames among those that the old generation left behind `after` and up to `last`.
std::uint32_t commits_between(const File& wal, const FollowedWal& old, std::uint32_t after,
                              std::uint32_t last) {
  std::uint32_t commits = 0;
  const std::uint32_t end = last - after > kMostTailFrames ? after + kMostTailFrames : last;
  for (std::uint32_t frame = after + 1; frame <= end; ++frame) {
    std::array<std::byte, kFrameHeaderSize> bytes{};
    const auto count = wal.read_at(frame_offset(frame, old.page_size), bytes);
    if (!count || *count < bytes.size()) break;
    const FrameHeader header = parse_frame_header(bytes);
    if (header.salts == old.salts && header.commit_page_count != 0) ++commits;
  }
  return commits;
}

}  // namespace

void ExclusiveWal::end(bool wal_empty) {
  began_empty_ = wal_empty;
  if (!status_) return;
  follower_ = WalFollower();
  counters_.rebase();
  content_.reset();
  counted_.reset();
  status_.reset();
  tail_commits_ = 0;
  behind_ = 0;
  settled_ = false;
}

void ExclusiveWal::observe(const std::string& database) {
  const Result<std::optional<File>> wal = open_if_there(database + "-wal");
  if (!wal) return end();
  if (!*wal) return end(true);
  const Result<FileStatus> status = (*wal)->status();
  if (!status) return end();
  if (status_ && status_->identity != status->identity) end();
  // The clock of mtime stands still for some milliseconds, so one more reading than changes.
  const bool unchanged = status_ && is_unchanged(*status, *status_);
  if (unchanged && settled_) return;
  status_ = *status;
  const Result<void> read = follower_.step(**wal);
  if (!read && read.error().code != Errc::busy) return end();
  const bool complete = read && follower_.complete();
  settled_ = unchanged && complete;
  if (complete) {
    behind_ = 0;
    content_ = follower_.content();
    count(**wal, *status);
  } else if (++behind_ > kMostBehind) {
    content_.reset();
  }
}

void ExclusiveWal::count(const File& wal, const FileStatus& status) {
  // Truncated, and not written since: its generation is counted.
  if (counted_ && counted_->salts == content_->salts && content_->mx_frame <= counted_->mx_frame)
    return;
  std::uint32_t old_end = counted_ ? counted_->mx_frame : 0;
  if (counted_ && counted_->salts != content_->salts && counted_->mx_frame > 0) {
    const OldGeneration old{counted_->salts, counted_->mx_frame};
    old_end = last_committed_frame_of(wal, status.size, content_->page_size, old, content_->salts,
                                      content_->mx_frame)
                  .value_or(old.mx_frame);
    const std::uint32_t after = std::max(old.mx_frame, content_->mx_frame);
    if (old_end > after) tail_commits_ += commits_between(wal, *counted_, after, old_end);
  }
  WalMoment moment;
  moment.shm = status.identity;
  moment.attached = true;
  moment.index.i_change = follower_.commits() + tail_commits_;
  moment.index.page_size = content_->page_size;
  moment.index.mx_frame = content_->mx_frame;
  moment.index.n_page = content_->n_page;
  moment.index.salts = content_->salts;
  if (!counted_ && began_empty_) {
    WalMoment empty;
    empty.shm = status.identity;
    empty.attached = true;
    counters_.observe(empty, [](const OldGeneration&, const WalIndex&) { return 0; });
  }
  counters_.observe(moment, [old_end](const OldGeneration&, const WalIndex&) { return old_end; });
  counted_ = content_;
}

}  // namespace sqlite_exporter
