/// Sees from sample to sample whether a transaction began a journal, short as it may have been.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "collectors/linux/created_files.h"
#include "collectors/linux/file.h"

namespace sqlite_exporter {

/// A commit that is refused at once (no busy timeout) leaves nothing behind: its journal is made
/// and deleted within a tenth of a millisecond. With journal_mode=TRUNCATE or PERSIST the file
/// stays, and its mtime moves. With MEMORY or OFF there is none.
class JournalWatch {
 public:
  /// `created` may be null: then a journal is seen only if it is there at a sample.
  explicit JournalWatch(std::shared_ptr<CreatedFiles> created) : created_(std::move(created)) {}

  /// Whether a transaction has begun to write since the last call; false at the first.
  bool begun(const std::string& database);
  /// The next call is the first.
  void forget();

 private:
  std::shared_ptr<CreatedFiles> created_;
  std::unique_ptr<CreatedFiles::Followed> followed_;
  std::uint64_t count_ = 0;
  std::optional<FileStatus> last_;  ///< when it was last there
  bool watching_ = false;
};

}  // namespace sqlite_exporter
