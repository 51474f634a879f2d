#include "exporter/sql/worker/connection.h"

#include <sqlite3.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <string_view>
#include <utility>

#include "exporter/sql/worker/authorizer.h"
#include "exporter/sql/worker/read_only_files.h"
#include "exporter/sql/worker/unlocked_files.h"

namespace sqlite_exporter {

namespace {

/// What a statement over a small database takes is a few hundred KiB; sorting is what takes more.
constexpr sqlite3_int64 kHeapLimit = sqlite3_int64{32} << 20U;

/// Of the virtual machine's operations, some tens of microseconds.
constexpr int kOperationsBetweenChecks = 1000;

/// A recovery or a checkpoint of the application takes the locks of readers for moments.
constexpr int kBusyTimeoutMilliseconds = 100;

/// SQLite reads the schema under these, too: what an application may have in there is left as it
/// is. A text or a blob that is longer is not read.
constexpr std::array<std::pair<int, int>, 3> kLimits = {{
    {SQLITE_LIMIT_LENGTH, 8 << 20U},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
}};

constexpr std::array<std::pair<int, int>, 6> kSettings = {{
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
    {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
}};

constexpr const char* kPragmas =
    "PRAGMA query_only = 1; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; "
    "PRAGMA cell_size_check = 1;";

/// In a URI a path has `%` and two digits for every byte that could mean something else.
std::string uri_of(std::string_view path, DatabaseCopy copy) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7F && c != '%' && c != '?' && c != '#') {
      uri += c;
    } else {
      (uri += '%') += kDigits[byte >> 4U];
      uri += kDigits[byte & 0xFU];
    }
  }
  uri += "?mode=ro&readonly_shm=1";
  return copy == DatabaseCopy::in_memory ? uri + "&image=1" : uri;
}

int is_over(void* deadline) { return static_cast<const Deadline*>(deadline)->passed() ? 1 : 0; }

/// SQLite has one code for all that keeps it from opening a file, and the kernel several.
Errc reason_of_no_file(int number) {
  switch (number) {
    case EACCES:
    case EPERM: return Errc::denied;
    case EMFILE:
    case ENFILE:
    case ENAMETOOLONG: return Errc::limit;
    default: return Errc::no_data;
  }
}

Errc reason_of(int code, int extended, int number) {
  if (extended == SQLITE_READONLY_ROLLBACK || extended == SQLITE_READONLY_RECOVERY ||
      extended == SQLITE_READONLY_CANTINIT || extended == SQLITE_READONLY_CANTLOCK)
    return Errc::busy;  // it is not what it was when it was found safe
  switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return Errc::busy;
    case SQLITE_INTERRUPT: return Errc::timeout;
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG: return Errc::limit;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Errc::corrupt;
    case SQLITE_IOERR: return Errc::io;
    case SQLITE_PERM: return Errc::denied;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY: return reason_of_no_file(number);
    default: return Errc::config;
  }
}

}  // namespace

Result<void> set_up_sqlite(int socket) {
  if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK ||
      sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 1) != SQLITE_OK || sqlite3_initialize() != SQLITE_OK)
    return fail(Errc::internal, "SQLite cannot be set up so that it only reads");
  // Its seed is read from a device, and what "localtime" means from a file. Neither can be opened
  // later.
  unsigned char seed = 0;
  sqlite3_randomness(1, &seed);
  ::tzset();
  if (!make_files_read_only(socket) || !add_unlocked_files())
    return fail(Errc::internal, "SQLite's files cannot be made read-only");
  sqlite3_hard_heap_limit64(kHeapLimit);
  return {};
}

void CloseConnection::operator()(sqlite3* connection) const { sqlite3_close(connection); }

Error error_of(sqlite3* connection) {
  const int code = sqlite3_errcode(connection);
  return {reason_of(code & 0xff, sqlite3_extended_errcode(connection),
                    sqlite3_system_errno(connection)),
          sqlite3_errmsg(connection)};
}

Result<Connection> open_connection(const std::string& path, Deadline& deadline, DatabaseCopy copy) {
  read_only_files_of(path);
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(uri_of(path, copy).c_str(), &raw,
                                     SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                                         SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_PRIVATECACHE,
                                     kUnlockedFiles);
  Connection connection(raw);
  if (opened != SQLITE_OK) return fail(error_of(raw));
  for (const auto& [limit, value] : kLimits) sqlite3_limit(raw, limit, value);
  for (const auto& [setting, value] : kSettings)
    if (sqlite3_db_config(raw, setting, value, nullptr) != SQLITE_OK) return fail(error_of(raw));
  if (sqlite3_exec(raw, kPragmas, nullptr, nullptr, nullptr) != SQLITE_OK)
    return fail(error_of(raw));
  sqlite3_busy_timeout(raw, kBusyTimeoutMilliseconds);
  sqlite3_progress_handler(raw, kOperationsBetweenChecks, is_over, &deadline);
  allow_only_reading(raw);
  return connection;
}

}  // namespace sqlite_exporter
