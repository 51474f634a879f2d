#include "tests/support/sqlite_load.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace sqlite_exporter::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kFramesToCheckpoint = 1000;
constexpr std::size_t kAccountWidth = 100;

timespec timespec_of(std::chrono::nanoseconds length) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(length);
  timespec result{};
  result.tv_sec = static_cast<decltype(result.tv_sec)>(seconds.count());
  result.tv_nsec = static_cast<decltype(result.tv_nsec)>((length - seconds).count());
  return result;
}

/// True as soon as a command waits, false at `end`.
bool command_waits(Clock::time_point end) {
  const auto left = std::max<Clock::duration>(end - Clock::now(), Clock::duration(0));
  const timespec timeout = timespec_of(left);
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return ::ppoll(&input, 1, &timeout, nullptr) > 0;
}

void wait(std::chrono::microseconds time) {
  const timespec length = timespec_of(time);
  ::nanosleep(&length, nullptr);
}

std::string numbered(std::string sql, std::uint64_t number) {
  for (auto at = sql.find('@'); at != std::string::npos; at = sql.find('@', at))
    sql.replace(at, 1, std::to_string(number));
  return sql;
}

}  // namespace

SqliteLoad::SqliteLoad(sqlite3* database, LoadPlan plan, std::uint64_t rounds_before)
    : database_(database), plan_(std::move(plan)), rounds_before_(rounds_before) {
  // Without a reader this moves nothing, and says how long the WAL is now.
  int log = 0;
  sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &log, nullptr);
  last_frames_ = static_cast<std::uint32_t>(std::max(log, 0));
  sqlite3_wal_hook(
      database_,
      [](void* load, sqlite3* connection, const char*, int frames) {
        return static_cast<SqliteLoad*>(load)->committed(connection,
                                                         static_cast<std::uint32_t>(frames));
      },
      this);
}

SqliteLoad::~SqliteLoad() {
  sqlite3_wal_autocheckpoint(database_, static_cast<int>(kFramesToCheckpoint));
}

int SqliteLoad::committed(sqlite3* connection, std::uint32_t frames) {
  // A commit adds a frame at least, so the WAL is not longer than before only if it was reset.
  const bool reset = frames <= last_frames_;
  if (reset) ++resets_;
  frames_ += reset ? frames : frames - last_frames_;
  last_frames_ = frames;
  if (frames >= kFramesToCheckpoint)
    sqlite3_wal_checkpoint_v2(connection, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  return SQLITE_OK;
}

bool SqliteLoad::exec(const std::string& sql) {
  if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return true;
  error_ = sqlite3_errmsg(database_);
  return false;
}

/// In one write: whoever is killed in the next round has told of this one.
void SqliteLoad::acknowledge() const {
  if (plan_.account_to < 0) return;
  std::string line = error_.empty() ? std::to_string(rounds()) : "error " + error_;
  line.resize(kAccountWidth, ' ');
  [[maybe_unused]] const auto written = ::pwrite(plan_.account_to, line.data(), line.size(), 0);
}

bool SqliteLoad::round() {
  if (!exec(plan_.begin)) return false;
  const Clock::time_point begun = Clock::now();
  if (!exec(numbered(plan_.work, rounds() + 1))) return false;
  if (plan_.hold.count() > 0) wait(plan_.hold);
  if (!exec(plan_.end)) return false;
  held_ += Clock::now() - begun;
  ++rounds_;
  return true;
}

void SqliteLoad::run() {
  if (!error_.empty()) return;
  Clock::time_point next = Clock::now();
  do {
    const bool committed = round();
    acknowledge();
    if (!committed) return;
    next += plan_.period;
  } while (!command_waits(next));
}

std::string SqliteLoad::account() const {
  if (!error_.empty()) return std::string("error ").append(error_);
  return "ok " + std::to_string(rounds_) + '|' + std::to_string(resets_) + '|' +
         std::to_string(frames_) + '|' + std::to_string(held_.count());
}

}  // namespace sqlite_exporter::test
