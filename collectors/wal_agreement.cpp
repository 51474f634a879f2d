#include "collectors/wal_agreement.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "collectors/sqlite/wal_header.h"

namespace sqlite_exporter {

namespace {

Result<bool> begins_as(const File& wal, const WalSalts& salts) {
  std::array<std::byte, kWalHeaderSize> bytes{};
  const Result<std::size_t> size = wal.read_at(0, bytes);
  if (!size) return fail(size.error());
  if (*size < bytes.size()) return false;
  const Result<WalHeader> header = parse_wal_header(bytes);
  if (header) return header->salts == salts;
  // A file that was made anew has a hole where the frames before its first one were.
  return std::ranges::any_of(bytes, [](std::byte byte) { return byte != std::byte{0}; });
}

bool is_known(const std::optional<FileStatus>& status, const WalIndex& index,
              const std::optional<WholeWal>& whole) {
  return status && whole && is_unchanged(*status, whole->file) && whole->salts == index.salts &&
         whole->mx_frame == index.mx_frame;
}

}  // namespace

bool is_long_enough(const FileStatus& status, const WalIndex& index) {
  return status.size >=
         frame_offset(index.mx_frame, index.page_size) + kFrameHeaderSize + index.page_size;
}

Result<bool> wal_is_lost(const std::optional<File>& wal, const std::optional<FileStatus>& status,
                         const WalIndex& index, std::optional<WholeWal>& whole) {
  if (index.mx_frame == 0) return false;
  if (!wal) return true;
  if (is_known(status, index, whole)) return false;
  const Result<bool> begins = begins_as(*wal, index.salts);
  if (!begins) return fail(begins.error());
  if (!*begins) return true;
  if (!status || !is_long_enough(*status, index)) {
    const Result<FileStatus> now = wal->status();  // it may have grown since
    if (!now) return fail(now.error());
    if (!is_long_enough(*now, index)) return true;
  }
  if (status) whole = WholeWal{*status, index.salts, index.mx_frame};
  return false;
}

}  // namespace sqlite_exporter
