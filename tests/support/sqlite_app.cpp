/// A SQLite application under remote control: one command a line on stdin, one answer a line.
///
///     open PATH               exec SQL                  step SQL   keep the statement open
///     close                   query SQL  first row      finish     finalize that statement
///     config persist_wal 0|1  config no_ckpt_on_close 0|1
///     read PATH               open, read and close a file
///     lock OFFSET PATH        lock a byte of a file for itself alone, until the end
///     limit BYTES             let no file grow beyond it; -1: as before
///     load PERIOD_US HOLD_US BEGIN|WORK|END   rounds of transactions until the next command
///     acknowledge PATH        after each of these rounds this file says how many were committed,
///     or
///                             why the last one was not
///     stop                    end them, with their account (see sqlite_load.h)
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "tests/support/sqlite_load.h"

namespace {

using sqlite_exporter::test::LoadPlan;
using sqlite_exporter::test::SqliteLoad;

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Close>;
using Statement = std::unique_ptr<sqlite3_stmt, Close>;

/// The word up to the first separator, which is taken off the line.
std::string take_word(std::string& line, char separator = ' ') {
  const auto end = line.find(separator);
  std::string word = line.substr(0, end);
  line.erase(0, end == std::string::npos ? end : end + 1);
  return word;
}

class Application {
 public:
  std::string answer(std::string line) {
    const std::string command = take_word(line);
    if (command == "open") return open(line);
    if (command == "lock") return lock(line);
    if (command == "acknowledge") return acknowledge(line);
    if (!database_) return "error no database is open";
    if (command == "exec") return exec(line);
    if (command == "query") return query(line);
    if (command == "step") return step(line);
    if (command == "finish") return finish();
    if (command == "close") return close();
    if (command == "config") return config(line);
    if (command == "read") return read(line);
    if (command == "limit") return limit(line);
    if (command == "load") return load(line);
    if (command == "stop") return stop();
    return "error unknown command " + command;
  }

  /// What goes on until the next command.
  void work() {
    if (load_) load_->run();
  }

 private:
  std::string result(int code) const {
    if (code == SQLITE_OK) return "ok";
    return std::string("error ") + sqlite3_errmsg(database_.get());
  }

  std::string open(const std::string& path) {
    sqlite3* opened = nullptr;
    const int code =
        sqlite3_open_v2(path.c_str(), &opened,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, nullptr);
    database_.reset(opened);
    return result(code);
  }

  std::string exec(const std::string& sql) {
    return result(sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr));
  }

  std::string query(const std::string& sql) {
    Statement statement;
    return first_row(sql, statement);
  }

  std::string step(const std::string& sql) { return first_row(sql, kept_); }

  std::string finish() {
    kept_.reset();
    return "ok";
  }

  std::string close() {
    kept_.reset();
    const int code = sqlite3_close(database_.get());
    if (code != SQLITE_OK) return result(code);
    [[maybe_unused]] sqlite3* const closed = database_.release();
    return "ok";
  }

  std::string config(std::string line) {
    const std::string name = take_word(line);
    int value = line == "1" ? 1 : 0;
    if (name == "persist_wal") {
      return result(
          sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_PERSIST_WAL, &value));
    }
    if (name == "no_ckpt_on_close") {
      return result(
          sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, value, nullptr));
    }
    return "error unknown setting " + name;
  }

  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    file.get();
    return file ? "ok" : "error cannot read " + path;
  }

  static std::string lock(std::string line) {
    const off_t offset = std::stol(take_word(line));
    const int file = ::open(line.c_str(), O_RDWR | O_CLOEXEC);  // stays open: the lock goes with it
    struct flock range{};
    range.l_type = F_WRLCK;
    range.l_whence = SEEK_SET;
    range.l_start = offset;
    range.l_len = 1;
    return file >= 0 && ::fcntl(file, F_SETLK, &range) == 0 ? "ok" : "error cannot lock " + line;
  }

  std::string acknowledge(const std::string& path) {
    account_to_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return account_to_ >= 0 ? "ok" : "error cannot write " + path;
  }

  static std::string limit(const std::string& bytes) {
    std::signal(SIGXFSZ, SIG_IGN);  // write(2) shall answer EFBIG instead
    rlimit size{};
    ::getrlimit(RLIMIT_FSIZE, &size);
    size.rlim_cur = bytes == "-1" ? size.rlim_max : std::stoul(bytes);
    return ::setrlimit(RLIMIT_FSIZE, &size) == 0 ? "ok" : "error setrlimit";
  }

  std::string load(std::string line) {
    LoadPlan plan;
    plan.period = std::chrono::microseconds(std::stol(take_word(line)));
    plan.hold = std::chrono::microseconds(std::stol(take_word(line)));
    plan.begin = take_word(line, '|');
    plan.work = take_word(line, '|');
    plan.end = line;
    plan.account_to = account_to_;
    load_ = std::make_unique<SqliteLoad>(database_.get(), std::move(plan), rounds_);
    return "ok";
  }

  std::string stop() {
    if (!load_) return "error nothing to stop";
    std::string account = load_->account();
    rounds_ = load_->rounds();
    load_.reset();
    return account;
  }

  std::string first_row(const std::string& sql, Statement& statement) {
    sqlite3_stmt* prepared = nullptr;
    const int code = sqlite3_prepare_v2(database_.get(), sql.c_str(), -1, &prepared, nullptr);
    statement.reset(prepared);
    if (code != SQLITE_OK) return result(code);
    const int stepped = sqlite3_step(prepared);
    if (stepped == SQLITE_DONE) return "ok";
    if (stepped != SQLITE_ROW) return result(stepped);
    std::string row = "ok ";
    for (int column = 0; column < sqlite3_column_count(prepared); ++column) {
      if (column > 0) row += '|';
      const unsigned char* text = sqlite3_column_text(prepared, column);
      if (text != nullptr) row += reinterpret_cast<const char*>(text);
    }
    std::replace(row.begin(), row.end(), '\n', ' ');
    return row;
  }

  Database database_;
  Statement kept_;  ///< declared after it: a statement is finalized before its database is closed
  std::unique_ptr<SqliteLoad> load_;
  int account_to_ = -1;       ///< open until the end
  std::uint64_t rounds_ = 0;  ///< of all loads so far
};

}  // namespace

int main() {
  Application application;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << application.answer(std::move(line)) << '\n' << std::flush;
    application.work();
  }
}
