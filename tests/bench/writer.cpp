/// An application that writes: the latency of each of its transactions, slice by slice.
///
///     sqlite_writer DATABASE ROWS    makes a table of so many rows, in WAL mode; answers "ready"
///     RATE SECONDS                   a line on stdin: writes so long; 0 a second: as fast as it
///     can TPS P50 P99 P99.9 MAX BUSY     the answer; microseconds, and how many had to wait for a
///     lock
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMostRetries = 5'000;  ///< of a millisecond each

/// As in the backing store of a small Kubernetes: rows of a few hundred bytes, two indexes.
constexpr const char* kSchema =
    "CREATE TABLE event (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, previous INTEGER,"
    "                    value BLOB);"
    "CREATE INDEX event_name ON event (name, id);"
    "CREATE UNIQUE INDEX event_previous ON event (name, previous)";
constexpr const char* kInsert =
    "INSERT INTO event (name, previous, value)"
    " VALUES ('/registry/leases/node-' || abs(random() % 500), ?1, randomblob(400))";

class Writer {
 public:
  Writer(const std::string& path, int rows) : rows_(rows) {
    check(sqlite3_open(path.c_str(), &database_));
    sqlite3_busy_handler(database_, &Writer::wait, this);
    exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL");
    exec(kSchema);
    check(sqlite3_prepare_v2(database_, kInsert, -1, &insert_, nullptr));
    exec("BEGIN");
    for (int i = 0; i < rows; ++i) insert();
    exec("COMMIT");
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }

  std::string slice(int rate, double seconds) {
    std::vector<double> latencies;
    busy_ = 0;
    const Clock::time_point begin = Clock::now();
    const Clock::time_point end = begin + in_clock(seconds);
    while (Clock::now() < end) {
      // A transaction that comes late because the last one took long is not itself slow.
      if (rate > 0)
        std::this_thread::sleep_until(begin +
                                      in_clock(static_cast<double>(latencies.size()) / rate));
      const Clock::time_point start = Clock::now();
      insert();
      latencies.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    }
    const double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
    shrink();
    return report(latencies, elapsed);
  }

 private:
  static Clock::duration in_clock(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  static int wait(void* writer, int retries) {
    if (retries == 0) ++static_cast<Writer*>(writer)->busy_;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return retries < kMostRetries ? 1 : 0;
  }

  void insert() {
    sqlite3_bind_int64(insert_, 1, ++previous_);
    const int code = sqlite3_step(insert_);
    sqlite3_reset(insert_);
    if (code != SQLITE_DONE) check(code);
  }

  /// Every slice finds the same table.
  void shrink() {
    exec("DELETE FROM event WHERE id > " + std::to_string(rows_) + "; PRAGMA wal_checkpoint");
    exec("UPDATE sqlite_sequence SET seq = " + std::to_string(rows_));
  }

  std::string report(std::vector<double>& latencies, double elapsed) const {
    if (latencies.empty()) throw std::runtime_error("a slice without a transaction");
    std::ranges::sort(latencies);
    const auto quantile = [&](double part) {
      return latencies[static_cast<std::size_t>(part * static_cast<double>(latencies.size() - 1))];
    };
    std::string line;
    for (const double value : {static_cast<double>(latencies.size()) / elapsed, quantile(0.5),
                               quantile(0.99), quantile(0.999), latencies.back()})
      line.append(std::to_string(value)).append(" ");
    return line.append(std::to_string(busy_));
  }

  void exec(const std::string& sql) {
    check(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr));
  }
  void check(int code) const {
    if (code != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(database_));
  }

  int rows_;
  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  sqlite3_int64 previous_ = 0;
  int busy_ = 0;
};

}  // namespace

int main(int count, char** arguments) try {
  if (count != 3) throw std::runtime_error("sqlite_writer DATABASE ROWS");
  Writer writer(arguments[1], std::atoi(arguments[2]));
  std::cout << "ready\n" << std::flush;
  int rate = 0;
  double seconds = 0;
  while (std::cin >> rate >> seconds)
    std::cout << writer.slice(rate, seconds) << "\n" << std::flush;
} catch (const std::exception& error) {
  std::fprintf(stderr, "sqlite_writer: %s\n", error.what());
  return 1;
}
