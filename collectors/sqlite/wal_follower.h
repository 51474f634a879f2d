/// A WAL whose wal-index is in the memory of its one connection (locking_mode=EXCLUSIVE), followed
/// while it is written: a few MiB at a time, each frame once.
///
/// The chain of valid frames says what a recovery would find now: the last commit frame is mxFrame,
/// its header has the size of the database, and the last page 1 is the newest header. A transaction
/// that has spilled lies beyond the last commit, and may be written over: its frames are read again
/// where they no longer fit. nBackfill is not in the file.
#pragma once

#include <cstdint>
#include <optional>

#include "collectors/base/reader.h"
#include "collectors/base/result.h"
#include "collectors/sqlite/database_header.h"
#include "collectors/sqlite/frame_chain.h"
#include "collectors/sqlite/wal_header.h"

namespace sqlite_exporter {

/// What was committed in one generation of a WAL.
struct FollowedWal {
  WalSalts salts;
  std::uint32_t page_size = 0;  ///< bytes; 0 where the WAL was empty from the start
  std::uint32_t mx_frame = 0;
  std::uint32_t n_page = 0;  ///< size of the database in pages; 0: no commit was seen
  bool has_page_one = false;
  std::optional<DatabaseHeader> page_one;  ///< the newest in the WAL, if it is a header
};

class WalFollower {
 public:
  /// Reads on, at most 4 MiB. Errors: busy (the header of the WAL is being written, or is none),
  /// unsupported (a format version), and the reader's own.
  Result<void> step(const Reader& wal);

  /// The last step came to the end of the chain: `content` was the truth at that moment.
  bool complete() const { return complete_; }
  const FollowedWal& content() const { return content_; }
  /// Commit frames read so far, of all generations; of the first one all that were there.
  std::uint32_t commits() const { return commits_; }

 private:
  struct Position {
    FrameChain chain;
    std::uint32_t frame;  ///< the next to be read
    std::optional<DatabaseHeader> page_one;
    bool has_page_one = false;
  };
  void begin(const WalHeader& header);
  void commit(const FrameHeader& header);
  /// True if the chain goes on behind this frame.
  bool add(Bytes frame);
  void end(std::uint32_t first);

  std::optional<Position> committed_;  ///< behind the last commit
  std::optional<Position> ahead_;      ///< behind the last valid frame
  FollowedWal content_;
  std::uint32_t commits_ = 0;
  bool complete_ = false;
};

}  // namespace sqlite_exporter
