/// How long SQLite's locks are held, estimated from samples at random instants.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "collectors/held_locks.h"
#include "collectors/sample_instant.h"

namespace sqlite_exporter {

/// A lock that was held at every sample since `since`, by one process in one transaction as far as
/// samples can tell.
struct LockHold {
  std::chrono::steady_clock::time_point since;
  int pid = 0;
};

class LockTime {
 public:
  struct Moment {
    HeldLocks held;
    /// A hold that sees the result of its work move is a new one: commits for the locks of writers
    /// (iChange or change counter), nBackfill for the checkpointer's.
    std::uint32_t commits = 0;
    std::uint32_t n_backfill = 0;
    /// The locks of the database file outlive its commits: they are a mode, and no hold.
    bool exclusive_mode = false;
    SampleInstant instant;
  };
  void observe(const Moment& moment);

  /// Held since the database was first seen: the sum of the credits of the samples that saw it,
  /// which is an unbiased estimate.
  double seconds(Lock lock) const { return seconds_[static_cast<std::size_t>(lock)]; }
  /// The hold in force at the last sample. None for `read`: one reader cannot be told from the
  /// next, but by its read mark.
  const std::optional<LockHold>& hold(Lock lock) const {
    return holds_[static_cast<std::size_t>(lock)];
  }

 private:
  std::array<double, kLockCount> seconds_{};
  std::array<std::optional<LockHold>, kLockCount> holds_;
  std::uint32_t commits_ = 0;
  std::uint32_t n_backfill_ = 0;
};

}  // namespace sqlite_exporter
