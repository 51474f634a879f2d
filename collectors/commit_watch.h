/// Follows, in rollback mode, since when a reader keeps commits waiting, from sample to sample.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "collectors/held_locks.h"

namespace sqlite_exporter {

/// Commits that wait or fail, and one reader who was there as long.
struct WaitedForReader {
  std::chrono::steady_clock::time_point since;  ///< the first sample that saw a commit held up
  int pid = 0;  ///< of the reader; 0: of several the kernel named the writer, or none can be told
  int writer = 0;  ///< the last one seen: not the reader, where that is not known
};

/// How far the samples have come before they tell a reader.
enum class CommitSuspicion : std::uint8_t {
  none,
  reader,   ///< one reads, at several samples in succession; nobody is known to suffer
  held_up,  ///< a commit waited for him, or was given up
};

/// To commit, a writer (RESERVED) takes PENDING, which lets no new reader begin, and waits until
/// all readers are gone: PENDING beside a SHARED that is not exclusive says that there is one.
/// Without a busy timeout it gives up at once: then its journal alone shows that it was there.
/// F_GETLK names one holder of SHARED, and the writer is one as well.
class CommitWatch {
 public:
  struct Moment {
    DatabaseLocks locks;
    std::optional<std::uint32_t> change_counter;
    std::chrono::steady_clock::time_point taken;
    bool journal_begun = false;  ///< since the sample before
  };

  void observe(const Moment& moment);
  /// It is not in rollback mode now.
  void forget();

  /// Set while two samples saw a commit wait, or five transactions were begun and ended, and none
  /// was committed all that time, in which he held SHARED at each sample. What was seen counts for
  /// as long again as it took twice over, at least six seconds and at most five minutes: whoever
  /// tries now and then is kept out in between, and who has given up is not.
  const std::optional<WaitedForReader>& reader() const { return told_; }
  CommitSuspicion suspicion() const;

 private:
  /// Commits that were held up in one way.
  struct Trouble {
    unsigned count = 0;
    std::chrono::steady_clock::time_point first;
    std::chrono::steady_clock::time_point last;

    void add(std::chrono::steady_clock::time_point now);
    bool lasts(std::chrono::steady_clock::time_point now) const;
  };

  void follow_reader(const DatabaseLocks& locks);
  void forget_trouble();
  bool is_troubled() const { return waits_.count > 0 || refusals_.count > 0; }

  unsigned reads_ = 0;     ///< samples in succession that saw him
  int pid_ = 0;            ///< the reader's, or the writer's if `own_`
  int writer_ = 0;         ///< the last one's
  bool own_ = false;       ///< SHARED may be the writer's alone, which is not in its own way
  bool outlived_ = false;  ///< he reads on after a commit has failed, be it his own process's
  bool waited_ = false;    ///< the sample before saw a commit wait
  bool writes_ = false;    ///< a transaction has begun a journal, and its end was not seen yet
  Trouble waits_;
  Trouble refusals_;
  std::optional<std::uint32_t> change_counter_;
  std::optional<WaitedForReader> told_;
};

}  // namespace sqlite_exporter
