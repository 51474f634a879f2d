/// A connection that reads, briefly: opened for one statement and closed after it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "collectors/base/result.h"

struct sqlite3;

namespace sqlite_exporter {

/// When a statement must have ended.
struct Deadline {
  std::chrono::steady_clock::time_point at;
  bool passed() const { return std::chrono::steady_clock::now() >= at; }
};

/// To be called once, before the first connection: no threads, a limit on memory, no file written,
/// none opened but those that are handed over at `socket`, as `HandedFiles` asks. Error: internal.
Result<void> set_up_sqlite(int socket);

struct CloseConnection {
  void operator()(sqlite3* connection) const;
};
using Connection = std::unique_ptr<sqlite3, CloseConnection>;

enum class DatabaseCopy : std::uint8_t {
  none,
  in_memory,  ///< of one moment, if it is in rollback mode; not of more than `kMostImage`
};

/// `mode=ro&readonly_shm=1`, without a lock in rollback mode, query_only, defensive, an authorizer,
/// limits; once `deadline` has passed, whatever runs on it is interrupted. `deadline` outlives the
/// connection. Nothing of the database is read yet. Errors as `error_of`.
Result<Connection> open_connection(const std::string& path, Deadline& deadline,
                                   DatabaseCopy copy = DatabaseCopy::none);

/// The connection's last error. busy: a lock, or the application is about to change the mode;
/// timeout; limit: of memory or of SQLite's; corrupt; io; denied; no_data: there is no such file
/// any more; config: the statement is wrong.
Error error_of(sqlite3* connection);

}  // namespace sqlite_exporter
