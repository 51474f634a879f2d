/// Transactions of a database in rollback mode, from the change counter in its file.
#pragma once

#include <cstdint>
#include <optional>

#include "collectors/linux/file.h"

namespace sqlite_exporter {

/// The counter lives in the file, so it is right at any distance between looks; but another file
/// under the same path, or an older copy written over it, brings a counter of its own: that starts
/// a new epoch and counts nothing (cp of a backup took one from 1001 to 501).
class ChangeCounter {
 public:
  void observe(const FileIdentity& file, std::uint32_t change_counter);
  /// In WAL mode the counter means nothing; what follows is a new epoch.
  void observe_other_mode() { last_.reset(); }

  std::uint64_t transactions() const { return transactions_; }

 private:
  struct Last {
    FileIdentity file;
    std::uint32_t change_counter;
  };
  std::optional<Last> last_;
  std::uint64_t transactions_ = 0;
};

}  // namespace sqlite_exporter
