/// Transactions of a database in rollback mode, from the change counter in its file.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "collectors/linux/file.h"
#include "collectors/sqlite/database_header.h"

namespace sqlite_exporter {

/// What the sampler makes of the change counter: it comes round more often than the full look.
struct SampledCounter {
  std::uint32_t value = 0;
  std::chrono::steady_clock::time_point taken;
  /// Steps so far that no writer could have made in their time, and of the last one where it ended
  /// and how long it took.
  std::uint32_t leaps = 0;
  std::uint32_t leap_end = 0;
  std::chrono::steady_clock::duration leap_time{0};
};

/// Owned by the sampler. Its readings may be of a commit that is under way, and one that steps back
/// says nothing.
class CounterLeaps {
 public:
  /// In rollback mode; nothing where there is no counter.
  void observe(std::optional<std::uint32_t> change_counter,
               std::chrono::steady_clock::time_point taken);
  std::optional<SampledCounter> latest() const {
    return known_ ? std::optional(counter_) : std::nullopt;
  }

 private:
  SampledCounter counter_;
  bool known_ = false;
};

/// The counter lives in the file, so it is right at any distance between looks; but another file
/// under the same path, or a copy written over it, brings a counter of its own: that starts a new
/// epoch and counts nothing (cp of a backup took one from 1001 to 501, cp of another database from
/// 12 to 2,999,991).
class ChangeCounter {
 public:
  /// One look at committed content.
  struct Moment {
    FileStatus file;
    DatabaseHeader header;
    std::chrono::steady_clock::time_point asked;  ///< before the header was read
    std::chrono::steady_clock::time_point read;   ///< behind it
    double unix_time = 0;                         ///< seconds
    std::optional<SampledCounter> sampled;        ///< before this look
  };

  void observe(const Moment& now);
  /// In WAL mode the counter means nothing; what follows is a new epoch, of which nothing is
  /// missing.
  void observe_other_mode() { last_.reset(); }
  /// There is no file, or no database in it: whatever comes next is a new epoch.
  void observe_gap();

  std::uint64_t transactions() const { return transactions_; }
  /// How often a new epoch began where an old one had been: what was committed around it is not
  /// counted.
  std::uint64_t unseen_epochs() const { return unseen_epochs_; }

 private:
  std::optional<Moment> last_;
  bool doubted_ = false;  ///< the last look was left out
  std::uint64_t transactions_ = 0;
  std::uint64_t unseen_epochs_ = 0;
};

}  // namespace sqlite_exporter
