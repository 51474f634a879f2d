/// Transactions in a loop, as an application makes them, and the application's own account of them.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace sqlite_exporter::test {

/// One round is BEGIN, WORK, a wait of `hold`, END; `@` in the SQL is the number of the round.
struct LoadPlan {
  std::chrono::microseconds period{0};  ///< from one round to the next; 0: as fast as it can
  std::chrono::microseconds hold{0};
  std::string begin, work, end;
  int account_to = -1;  ///< a file that says after each round how many were committed, or the error
};

/// While it lives it checkpoints at 1,000 frames, as SQLite does by default: its hook needs the
/// place of SQLite's own.
class SqliteLoad {
 public:
  SqliteLoad(sqlite3* database, LoadPlan plan, std::uint64_t rounds_before);
  SqliteLoad(const SqliteLoad&) = delete;
  SqliteLoad& operator=(const SqliteLoad&) = delete;
  ~SqliteLoad();

  /// Makes rounds until a command waits on stdin, or a round fails.
  void run();
  /// "ok ROUNDS|RESETS|FRAMES|SECONDS", or "error ...". RESETS and FRAMES are those of the WAL and
  /// right while nobody else writes; SECONDS is the time between BEGIN and END.
  std::string account() const;
  std::uint64_t rounds() const { return rounds_before_ + rounds_; }

 private:
  bool round();
  bool exec(const std::string& sql);
  void acknowledge() const;
  int committed(sqlite3* database, std::uint32_t frames);

  sqlite3* database_;
  LoadPlan plan_;
  std::uint64_t rounds_before_;
  std::uint64_t rounds_ = 0;
  std::uint64_t resets_ = 0;
  std::uint64_t frames_ = 0;
  std::uint32_t last_frames_ = 0;
  std::chrono::duration<double> held_{0};
  std::string error_;
};

}  // namespace sqlite_exporter::test
