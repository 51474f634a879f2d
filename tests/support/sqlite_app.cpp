/// A SQLite application under remote control: one command a line on stdin, one answer a line.
///
///     open PATH               exec SQL                  step SQL   keep the statement open
///     close                   query SQL  first row      finish     finalize that statement
///     config persist_wal 0|1  config no_ckpt_on_close 0|1
///     read PATH               open, read and close a file
#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

namespace {

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Close>;
using Statement = std::unique_ptr<sqlite3_stmt, Close>;

/// The word up to the first blank, which is taken off the line.
std::string take_word(std::string& line) {
  const auto blank = line.find(' ');
  std::string word = line.substr(0, blank);
  line.erase(0, blank == std::string::npos ? blank : blank + 1);
  return word;
}

class Application {
 public:
  std::string answer(std::string line) {
    const std::string command = take_word(line);
    if (command == "open") return open(line);
    if (!database_) return "error no database is open";
    if (command == "exec") return exec(line);
    if (command == "query") return query(line);
    if (command == "step") return step(line);
    if (command == "finish") return finish();
    if (command == "close") return close();
    if (command == "config") return config(line);
    if (command == "read") return read(line);
    return "error unknown command " + command;
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
  Statement kept_;  ///< declared last: a statement is finalized before its database is closed
};

}  // namespace

int main() {
  Application application;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << application.answer(std::move(line)) << '\n' << std::flush;
  }
}
