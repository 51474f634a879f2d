/// What is plain beside an encrypted database: SQLCipher and SQLite3 Multiple Ciphers encrypt pages
/// alone, so that the heads of -wal, its frames and -journal are SQLite's own. A VFS that encrypts
/// whole files (adiantum, xts) leaves the -shm and the locks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "collectors/base/result.h"
#include "collectors/linux/file.h"
#include "collectors/sqlite/database_header.h"
#include "collectors/sqlite/wal_header.h"
#include "collectors/sqlite/wal_index.h"

namespace sqlite_exporter {

/// Of the -wal beside `database`, if there is one that begins as SQLite's do. Errors: of the reads.
Result<std::optional<WalHeader>> wal_header_beside(const std::string& database);

/// Is there a -journal beside `database` that begins as one that was synced?
Result<bool> journal_beside(const std::string& database);

/// Does somebody hold bytes of SQLite's, and of those alone? Who locks a whole file locks them,
/// too.
Result<bool> has_sqlite_locks(const File& database);

/// What can be told of the content of an encrypted database. What could not be known is not set.
struct PlainFacts {
  std::optional<std::uint32_t> page_size;
  std::optional<std::uint32_t> pages;  ///< after the last commit
  std::optional<JournalMode> journal_mode;
};

/// `start`: what is plain of page 1 of the file; `settled`: the same, if it is the newest page 1.
/// `index`: of the live wal-index; `wal`: of a -wal that nobody has open.
PlainFacts plain_facts(const std::optional<DatabaseHeader>& start,
                       const std::optional<DatabaseHeader>& settled,
                       const std::optional<WalIndex>& index, const std::optional<WalHeader>& wal);

}  // namespace sqlite_exporter
