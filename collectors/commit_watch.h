/// Follows, in rollback mode, since when a commit waits for a reader, from sample to sample.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "collectors/held_locks.h"

namespace sqlite_exporter {

/// A commit that waits, and one reader who was there as long.
struct WaitedForReader {
  std::chrono::steady_clock::time_point since;  ///< the first sample that saw the commit wait
  int pid = 0;  ///< of the reader; 0: of several the kernel named the writer, or none can be told
};

/// To commit, a writer (RESERVED) takes PENDING, which lets no new reader begin, and waits until
/// all readers are gone: PENDING beside a SHARED that is not exclusive says that there is one.
/// F_GETLK names one holder of SHARED, and the writer is one as well.
class CommitWatch {
 public:
  struct Moment {
    DatabaseLocks locks;
    std::optional<std::uint32_t> change_counter;
    std::chrono::steady_clock::time_point taken;
  };

  void observe(const Moment& moment);
  /// It is not in rollback mode now.
  void forget();

  /// Set while at least two samples saw a commit wait, none was seen to succeed, and no sample of
  /// the last three seconds saw nobody wait: a busy timeout may end, and the next try follows.
  const std::optional<WaitedForReader>& reader() const { return told_; }

 private:
  void follow(const Moment& moment);

  std::optional<WaitedForReader> waiting_;
  std::optional<std::uint32_t> change_counter_;
  std::chrono::steady_clock::time_point last_wait_;
  unsigned waits_ = 0;
  std::optional<WaitedForReader> told_;
};

}  // namespace sqlite_exporter
