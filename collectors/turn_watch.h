/// Notices readers that follow each other so closely that the WAL never gets a moment without one,
/// in which it could start over.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "collectors/sample_instant.h"
#include "collectors/sqlite/wal_index.h"

namespace sqlite_exporter {

/// A writer starts the WAL over when all of it is checkpointed and nobody holds a mark above READ0.
class TurnWatch {
 public:
  struct Moment {
    WalIndex index;
    bool read_marks_held = false;  ///< some of READ1 to READ4
    bool held_back = false;        ///< by an old reader, who is a cause of his own
    std::chrono::steady_clock::time_point taken;
  };

  void observe(const Moment& moment);
  void forget() { *this = {}; }

  /// For half a minute each sample saw a reader, nearly all frames were checkpointed, more were
  /// written than SQLite lets the WAL grow by itself, and it was not started over.
  bool readers_in_turn() const { return in_turn_; }

 private:
  std::optional<Moment> first_;  ///< since when all of that holds
  bool in_turn_ = false;
};

}  // namespace sqlite_exporter
