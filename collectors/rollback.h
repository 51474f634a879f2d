/// What the rollback journal and the locks say of the content of a database file right now.
#pragma once

#include <cstdint>
#include <string>

#include "collectors/base/result.h"
#include "collectors/linux/file.h"

namespace sqlite_exporter {

enum class RollbackContent : std::uint8_t {
  committed,
  being_written,  ///< by a writer with EXCLUSIVE, or one that died: it may never be committed
  hot_journal,    ///< its writer died: the next reader puts the old content back
};

/// `database` is the open file at `path`; `size` is its length in bytes: the journal of a database
/// without content is not hot.
Result<RollbackContent> rollback_content(const File& database, const std::string& path,
                                         std::uint64_t size);

enum class JournalState : std::uint8_t {
  absent,
  finished,  ///< empty, or with a header of zeros, as a commit leaves it that does not delete it
  in_use,    ///< a transaction has begun it; whether it is synced, so that it counts, is open
};

struct JournalContent {
  JournalState state = JournalState::absent;
  double modified = 0;  ///< mtime, seconds since the epoch
};

/// What the journal beside the database at `path` says of the transaction of whoever has it open.
Result<JournalContent> journal_content(const std::string& path);

}  // namespace sqlite_exporter
