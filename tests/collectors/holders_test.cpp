/// Who holds a database: real processes, found by F_GETLK and by /proc/locks.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "collectors/blocked.h"
#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

constexpr const char* kWal = "pragma journal_mode=wal; pragma wal_autocheckpoint=0";

std::vector<int> pids_of(const Look& look) {
  std::vector<int> pids;
  for (const HolderProcess& holder : look.holders.processes) pids.push_back(holder.pid);
  return pids;
}

bool has(const Look& look, AttributionLimit limit) {
  return look.holders.limits[static_cast<std::size_t>(limit)];
}

/// Three processes have the database open, one of them reads an old snapshot.
struct Shared {
  TemporaryDirectory directory;
  SqliteApplication writer{directory / "app.db"};
  SqliteApplication idle;
  SqliteApplication reader;

  Shared() {
    writer.exec(kWal);
    writer.exec("create table t(x); insert into t values (1), (2)");
    idle.open(directory / "app.db");
    idle.query("select count(*) from t");
    reader.open(directory / "app.db");
    reader.step("select x from t");
    writer.exec("insert into t values (3)");
  }
};

TEST_CASE("every process that has a live database open is found, with its name") {
  Shared shared;
  Observer observer(shared.directory / "app.db");
  observer.sample();
  observer.read_locks();
  const Look look = observer.look();
  std::vector<int> expected = {shared.writer.pid(), shared.idle.pid(), shared.reader.pid()};
  std::ranges::sort(expected);
  CHECK(pids_of(look) == expected);
  CHECK(look.holders.complete);
  for (const HolderProcess& holder : look.holders.processes) {
    CHECK(holder.holds_switch);
    CHECK(holder.holds_shared);
    CHECK(holder.process.owner.process == "sqlite_app");
    CHECK(holder.process.start_time);
  }
  const std::string line = observer.line("sqlite_holder_processes");
  CHECK(line.find("owner_process=\"sqlite_app\"") != std::string::npos);
  CHECK(observer.value("sqlite_holder_processes") == 3);
}

TEST_CASE("the reader that pins frames is named, and nobody else") {
  Shared shared;
  Observer observer(shared.directory / "app.db");
  observer.sample();
  observer.sample();
  observer.read_locks();
  const Look look = observer.look();
  std::vector<int> readers;
  for (std::size_t mark = 0; mark < kReadMarks; ++mark)
    for (const HolderProcess* holder : holders_of_mark(look, mark)) readers.push_back(holder->pid);
  CHECK(readers == std::vector<int>{shared.reader.pid()});
  CHECK(observer.value("sqlite_oldest_reader_pid") == shared.reader.pid());
  CHECK(observer.value("sqlite_reader_pinned_frames") ==
        observer.value("sqlite_wal_pinned_frames"));
  CHECK(blocked_causes(look)[static_cast<std::size_t>(BlockedCause::reader)]);
}

TEST_CASE("two processes on one read mark are both named") {
  Shared shared;
  SqliteApplication second(shared.directory / "app.db");
  shared.writer.exec("pragma wal_checkpoint");
  second.step("select x from t");
  SqliteApplication third(shared.directory / "app.db");
  third.step("select x from t");  // shares the mark of the second
  shared.writer.exec("insert into t values (4)");
  Observer observer(shared.directory / "app.db");
  observer.sample();
  observer.sample();
  observer.read_locks();
  const Look look = observer.look();
  std::vector<int> readers;
  for (std::size_t mark = 0; mark < kReadMarks; ++mark)
    for (const HolderProcess* holder : holders_of_mark(look, mark)) readers.push_back(holder->pid);
  std::ranges::sort(readers);
  std::vector<int> expected = {shared.reader.pid(), second.pid(), third.pid()};
  std::ranges::sort(expected);
  CHECK(readers == expected);
}

TEST_CASE("the exporter's own SQL worker is never blamed") {
  Shared shared;
  Observer observer(shared.directory / "app.db");
  observer.sample();
  observer.sample();
  observer.read_locks();
  observer.node().own_reader = std::make_shared<OwnReaderPids>();
  observer.node().own_reader->pid = shared.reader.pid();
  observer.node().own_reader->listed = shared.reader.pid();
  const Look look = observer.look();
  CHECK(pids_of(look).size() == 2);
  CHECK(blocked_causes(look) == BlockedCauses{});
  CHECK(observer.line("sqlite_oldest_reader_pid").empty());
  CHECK(observer.value("sqlite_wal_pinned_frames") > 0);
}

TEST_CASE("in rollback mode holders are seen while they read or write") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x); insert into t values (1), (2)");
  Observer observer(directory / "app.db");
  observer.sample();
  observer.read_locks();
  CHECK(pids_of(observer.look()).empty());
  CHECK(observer.look().holders.complete);
  app.step("select x from t");
  observer.sample();
  observer.read_locks();
  CHECK(pids_of(observer.look()) == std::vector<int>{app.pid()});
}

TEST_CASE("without a lock table the number of holders is not told, and pins still are") {
  Shared shared;
  Observer observer(shared.directory / "app.db");
  observer.sample();
  observer.sample();
  CHECK(observer.line("sqlite_holder_processes").empty());
  CHECK(observer.line("sqlite_reader_pinned_frames").find("owner_process=\"\"") !=
        std::string::npos);
  CHECK(observer.value("sqlite_oldest_reader_pid") == shared.reader.pid());
}

TEST_CASE("a table that does not know a holder twice limits the attribution") {
  Shared shared;
  Observer observer(shared.directory / "app.db");
  observer.sample();
  const TemporaryDirectory procfs;
  // An empty table of this pid namespace: as if the file had another inode number in it.
  std::filesystem::create_symlink(std::to_string(::getpid()), procfs / "self");
  std::ofstream(procfs / "locks").close();
  observer.node().paths.procfs = procfs.path();
  observer.read_locks();
  CHECK_FALSE(has(observer.look(), AttributionLimit::filesystem));  // it may be new
  observer.read_locks();
  const Look look = observer.look();
  CHECK(has(look, AttributionLimit::filesystem));
  CHECK_FALSE(look.holders.complete);
  CHECK_FALSE(pids_of(look).empty());
}

TEST_CASE("a holder that a lock table misses is asked itself") {
  Shared shared;
  Observer observer(shared.directory / "app.db");
  observer.sample();
  observer.read_locks();
  REQUIRE(pids_of(observer.look()).size() == 3);
  // A procfs like ours whose table has no line of the idle process.
  const TemporaryDirectory procfs;
  for (const pid_t pid : {shared.writer.pid(), shared.idle.pid(), shared.reader.pid()})
    std::filesystem::create_symlink("/proc/" + std::to_string(pid), procfs / std::to_string(pid));
  const std::string idle = std::string(" ").append(std::to_string(shared.idle.pid())).append(" ");
  std::ifstream all("/proc/locks");
  std::ofstream some(procfs / "locks");
  for (std::string line; std::getline(all, line);)
    if (line.find(idle) == std::string::npos) some << line << '\n';
  some.close();
  observer.node().paths.procfs = procfs.path();
  observer.read_locks();
  const Look look = observer.look();
  CHECK(pids_of(look).size() == 3);
  CHECK(look.holders.complete);
  shared.idle.close();
  CHECK(pids_of(observer.look()).size() == 2);
}

TEST_CASE("with another namespace's procfs F_GETLK's pids are not looked up in it") {
  Shared shared;
  Observer observer(shared.directory / "app.db");
  observer.sample();
  observer.node().own_pid_namespace = false;
  observer.read_locks();
  // Its table is complete and its own descriptors confirm it: here both are the same processes.
  CHECK(pids_of(observer.look()).size() == 3);
  CHECK(observer.look().holders.complete);
}

TEST_CASE("two processes on a version with the WAL-reset bug are told") {
  Shared shared;
  Observer observer(shared.directory / "app.db");
  observer.sample();
  observer.read_locks();
  Look look = observer.look();
  REQUIRE(look.header);
  CHECK(observer.line("sqlite_engine_known_bug").find("bug=\"wal_reset\"") != std::string::npos);
}

}  // namespace
}  // namespace sqlite_exporter::test
