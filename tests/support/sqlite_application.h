/// A real SQLite application in a process of its own: locks belong to processes, so one in this
/// process would be invisible to the code under test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace sqlite_exporter::test {

/// Transactions in a loop, each `begin`, `work`, a wait of `hold` and `end`. In the SQL `@` is the
/// number of the transaction, from 1 on in each process.
struct Load {
  std::string work;
  std::chrono::microseconds period{0};  ///< 0: as fast as it can
  std::chrono::microseconds hold{0};
  std::string begin = "begin immediate";
  std::string end = "commit";
};

/// What the application itself says it did. Resets and frames of the WAL are right while nobody
/// else writes.
struct Account {
  std::uint64_t transactions = 0;
  std::uint64_t resets = 0;
  std::uint64_t frames = 0;
  double held_seconds = 0;  ///< between `begin` and `end`
};

/// Every method throws std::runtime_error with SQLite's words if the application answers an error.
/// The process ends with this object, closing its database as a well-behaved application does.
class SqliteApplication {
 public:
  SqliteApplication();
  explicit SqliteApplication(const std::string& database) : SqliteApplication() { open(database); }
  SqliteApplication(const SqliteApplication&) = delete;
  SqliteApplication& operator=(const SqliteApplication&) = delete;
  ~SqliteApplication();

  void open(const std::string& path);
  void exec(const std::string& sql);
  /// The first row, its columns joined by '|'; "" if there is none.
  std::string query(const std::string& sql);
  /// Leaves the statement on its first row: a reader that was forgotten, until `finish`.
  std::string step(const std::string& sql);
  void finish();
  void close();
  /// `persist_wal` or `no_ckpt_on_close`.
  void config(const std::string& setting, bool value);

  /// Opens, reads and closes a file as any backup or hash in the same process would.
  void read_file(const std::string& path);

  /// Locks one byte of a file for itself alone, until the process ends. Needs no database.
  void lock_byte(const std::string& path, std::uint64_t offset);

  /// No file grows beyond so many bytes: a full disk; -1: as before.
  void limit_file_size(std::int64_t bytes);

  /// Until `stop`; no other method may be called in between. It checkpoints at 1,000 frames.
  void start(const Load& load);
  Account stop();

  /// SIGKILL: the crash of an application. Returns when its locks are gone.
  void kill();
  pid_t pid() const { return pid_; }

 private:
  std::string ask(const std::string& command);
  void wait();

  pid_t pid_ = -1;
  int socket_ = -1;  ///< both the stdin and the stdout of the application
};

}  // namespace sqlite_exporter::test
