/// Builds and modes of SQLite whose locks are not where SQLite's own are, and the truly dead.
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/await.h"
#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/states.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kExclusiveWal =
    "pragma locking_mode=exclusive; pragma journal_mode=wal; pragma wal_autocheckpoint=0";
constexpr const char* kSpilledTransaction =
    "pragma cache_size=1; begin immediate; update t set x = randomblob(3000)";
constexpr const char* kRows =
    "create table t(x); insert into t select randomblob(3000) from "
    "(with recursive n(i) as (select 1 union all select i+1 from n limit 200) select i from n)";

std::string uri(const std::string& path, const std::string& vfs) {
  return "file:" + path + "?vfs=" + vfs;
}

/// A database whose WAL has frames, which nobody has open.
void leave_frames(const std::string& path) {
  SqliteApplication app(path);
  app.exec("pragma journal_mode=wal; create table t(x); insert into t values (1)");
  app.kill();
}

TEST_CASE("a live WAL without any lock is not left behind, with or without commits") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(uri(path, GENERATE("unix-none", "unix-dotfile")));
  app.exec(kExclusiveWal);
  app.exec("create table t(x); insert into t values (1)");
  Observer observer(path);
  CHECK(states(observer) == States{"locks_unobservable"});
  for (int i = 0; i < 5; ++i) {
    app.exec("insert into t values (1)");
    CHECK(states(observer) == States{"locks_unobservable"});
  }
  CHECK(observer.look().unseen_user);
  app.kill();
  // Whoever saw it grow waits for its writer; whoever comes now has seen nothing.
  CHECK_FALSE(states(observer).contains("wal_unrecovered"));
  Observer newcomer(path);
  CHECK(states(newcomer) == States{"wal_unrecovered"});
}

TEST_CASE("whoever cannot ask processes believes the lock of unix-dotfile and a WAL that grows") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  Observer observer(path);
  observer.node().open_files.reset();
  SECTION("a directory NAME.lock") {
    SqliteApplication app(uri(path, "unix-dotfile"));
    app.exec(kExclusiveWal);
    app.exec("create table t(x); insert into t values (1)");
    CHECK(states(observer) == States{"locks_unobservable"});
    CHECK_FALSE(observer.look().signs->asked_all);
  }
  SECTION("growth") {
    SqliteApplication app(uri(path, "unix-none"));
    app.exec(kExclusiveWal);
    app.exec("create table t(x); insert into t values (1)");
    observer.sample();
    observer.look();
    for (int i = 0; i < 3; ++i) {
      app.exec("insert into t values (1)");
      observer.sample();
      CHECK_FALSE(names_of(observer.look().states).contains("wal_unrecovered"));
    }
    CHECK(states(observer) == States{"locks_unobservable"});
  }
}

TEST_CASE("a lock on the -wal as a whole is somebody's, though it is not SQLite's") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  leave_frames(path);
  Observer observer(path);
  CHECK(states(observer) == States{"wal_unrecovered"});
  SqliteApplication other;
  other.lock_byte(path + "-wal", 0);
  CHECK(states(observer) == States{"locks_unobservable"});
  other.kill();
  CHECK(states(observer) == States{"wal_unrecovered"});
}

TEST_CASE("the journal of a live writer is not hot, though nothing locks the database") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  const std::string vfs = GENERATE("unix-none", "unix-dotfile");
  SqliteApplication app(uri(path, vfs));
  app.exec(kRows);
  app.exec(kSpilledTransaction);
  Observer observer(path);
  const States alive = {vfs == "unix-none" ? "locks_unobservable" : "rollback_active"};
  CHECK(states(observer) == alive);
  CHECK(states(observer) == alive);
  app.exec("commit");
  CHECK(states(observer) == States{"rollback_idle"});
  app.exec(kSpilledTransaction);
  app.kill();
  CHECK(states(observer) == States{"hot_journal"});
}

TEST_CASE("commits into a WAL that another connection of the process had deleted are orphaned") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("pragma journal_mode=wal; create table t(x); insert into t values (1)");
  Observer observer(path);
  CHECK(states(observer) == States{"wal_live"});
  // As the close of a second SQLite library in the process does.
  app.read_file(path);
  app.read_file(path + "-shm");
  SqliteApplication(path).query("select count(*) from t");
  REQUIRE_FALSE(fs::exists(path + "-wal"));
  // Nothing is lost before it writes.
  CHECK(states(observer).empty());
  app.exec("insert into t values (2)");
  // The kernel's file times are no finer than its tick.
  await([&] {
    app.exec("insert into t values (2)");
    return states(observer).contains("orphaned");
  });
  for (int i = 0; i < 3; ++i) {
    app.query("pragma wal_checkpoint");  // which writes the database, as the next commit does not
    CHECK(states(observer) == States{"orphaned"});
    app.exec("insert into t values (2)");
    CHECK(states(observer) == States{"orphaned"});
  }
  app.kill();
  CHECK(states(observer) == States{"wal_clean"});
}

TEST_CASE("a process whose locks are gone has lost them, once it commits") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("pragma journal_mode=wal; create table t(x); insert into t values (1)");
  // As in the child of a fork: it has all files open, and the locks were those of its parent.
  app.read_file(path);
  app.read_file(path + "-shm");
  Observer observer(path);
  CHECK(states(observer) == States{"locks_unobservable"});
  app.exec("insert into t values (2)");
  await([&] {
    app.exec("insert into t values (2)");
    return states(observer) == States{"locks_cancelled"};
  });
  CHECK(observer.look().unseen_user);
  for (int i = 0; i < 3; ++i) CHECK(states(observer) == States{"locks_cancelled"});
}

TEST_CASE("a closed database is asked for once, and again when it changes") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication(path).exec("create table t(x)");
  Observer observer(path);
  CHECK(states(observer) == States{"rollback_idle"});
  // What is not asked any more is the directory, which lies there without a change of the database.
  fs::create_directory(path + ".lock");
  CHECK(states(observer) == States{"rollback_idle"});
  SqliteApplication(path).exec("insert into t values (1)");
  CHECK(states(observer) == States{"rollback_active"});
}

}  // namespace
}  // namespace sqlite_exporter::test
