/// What a finished generation of a WAL left in the file beyond the last frame seen of it.
///
/// A reset starts to write at frame 1 again and keeps the file, so the frames of the old generation
/// that were committed between our last look and the reset still lie behind the new ones, as one
/// run of frames with the old salts. A binary search over 24-byte frame headers finds its end.
#pragma once

#include <cstdint>

#include "collectors/base/reader.h"
#include "collectors/base/result.h"
#include "collectors/sqlite/wal_header.h"

namespace sqlite_exporter {

/// What a look knew of the generation that has ended.
struct OldGeneration {
  WalSalts salts;
  std::uint32_t mx_frame = 0;  ///< the last committed frame seen of it
};

/// The number of the last committed frame of the old generation that is still in the file, at least
/// `old.mx_frame`: equal to it when nothing more can be proved. `new_mx_frame` and `new_salts` are
/// those of the generation that overwrites it. At most 64 small reads.
Result<std::uint32_t> last_committed_frame_of(const Reader& wal, std::uint64_t wal_size,
                                              std::uint32_t page_size, const OldGeneration& old,
                                              const WalSalts& new_salts,
                                              std::uint32_t new_mx_frame);

}  // namespace sqlite_exporter
