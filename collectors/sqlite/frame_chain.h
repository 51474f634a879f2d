/// The frames of a WAL that have been found valid, of which only the checksum is needed for the
/// next: each checksum goes on from the one before.
#pragma once

#include <bit>
#include <optional>

#include "collectors/base/bytes.h"
#include "collectors/sqlite/wal_checksum.h"
#include "collectors/sqlite/wal_header.h"

namespace sqlite_exporter {

class FrameChain {
 public:
  explicit FrameChain(const WalHeader& header)
      : salts_(header.salts), order_(header.checksum_order), sum_(header.checksum) {}

  /// `frame` is a frame header and its page. Nothing if the chain ends before this frame; after
  /// that it cannot be gone on with.
  std::optional<FrameHeader> add(Bytes frame) {
    const FrameHeader header = parse_frame_header(frame.first<kFrameHeaderSize>());
    if (header.salts != salts_ || header.page_number == 0) return std::nullopt;
    sum_ = wal_checksum(frame.first<8>(), order_, sum_);  // the salts and the checksum are left out
    sum_ = wal_checksum(frame.subspan(kFrameHeaderSize), order_, sum_);
    if (header.checksum != sum_) return std::nullopt;
    return header;
  }

 private:
  WalSalts salts_;
  std::endian order_;
  WalChecksum sum_;
};

}  // namespace sqlite_exporter
