#include "collectors/wal_agreement.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "collectors/sqlite/wal_header.h"

namespace sqlite_exporter {

Result<bool> wal_is_lost(const std::optional<File>& wal, const WalIndex& index) {
  if (index.mx_frame == 0) return false;
  if (!wal) return true;
  std::array<std::byte, kWalHeaderSize> bytes{};
  const Result<std::size_t> size = wal->read_at(0, bytes);
  if (!size) return fail(size.error());
  if (*size < bytes.size()) return true;
  const Result<WalHeader> header = parse_wal_header(bytes);
  if (header && header->salts != index.salts) return true;
  // A file that was made anew has a hole where the frames before its first one were.
  if (!header && std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; }))
    return true;
  const Result<FileStatus> status = wal->status();
  if (!status) return fail(status.error());
  return status->size <
         frame_offset(index.mx_frame, index.page_size) + kFrameHeaderSize + index.page_size;
}

}  // namespace sqlite_exporter
