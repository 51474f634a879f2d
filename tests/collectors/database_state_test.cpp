/// Real databases brought into each state, and the false friends of each.
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/states.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWal = "pragma journal_mode=wal; pragma wal_autocheckpoint=0";
constexpr const char* kSpilledTransaction =
    "pragma cache_size=1; begin; insert into t select randomblob(3000) from "
    "(with recursive n(i) as (select 1 union all select i+1 from n limit 200) select i from n)";

States states_at(const std::string& path) {
  Observer observer(path);
  return states(observer);
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  file.close();
  REQUIRE(file);
}

TEST_CASE("states of what is no database") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  CHECK(states_at(path) == States{"absent"});
  write_file(path, "");
  CHECK(states_at(path) == States{"empty"});
  write_file(path, std::string(8192, 'x'));
  CHECK(states_at(path) == States{"not_a_database"});
  std::mt19937 noise(42);  // as an encrypted page: nothing can tell the two apart
  std::string bytes(8192, '\0');
  for (char& byte : bytes) byte = static_cast<char>(noise());
  write_file(path, bytes);
  CHECK(states_at(path) == States{"encrypted"});
  write_file(path, std::string("SQLite format 3\0\x7\x7", 18) + std::string(8174, '\0'));
  CHECK(states_at(path) == States{"corrupt_header"});
  write_file(path, std::string("SQLite format 3\0", 16) + std::string(40, '\0'));
  CHECK(states_at(path) == States{"truncated"});
}

TEST_CASE("a database in rollback mode is idle, or active while a lock is held") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x); insert into t values (1), (2)");
  CHECK(states_at(directory / "app.db") == States{"rollback_idle"});
  app.step("select x from t");
  CHECK(states_at(directory / "app.db") == States{"rollback_active"});
  app.finish();
  app.exec("begin immediate");
  CHECK(states_at(directory / "app.db") == States{"rollback_active"});
}

TEST_CASE("a writer that spills a growing transaction neither truncates nor leaves a hot journal") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x)");
  app.exec(kSpilledTransaction);
  CHECK(states_at(directory / "app.db") == States{"rollback_active"});
  app.exec("commit");
  CHECK(states_at(directory / "app.db") == States{"rollback_idle"});
}

TEST_CASE("a writer that died in rollback mode leaves a hot journal, told at the second look") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x)");
  app.exec(kSpilledTransaction);
  app.kill();
  Observer observer(directory / "app.db");
  observer.sample();
  CHECK(names_of(observer.look().states).empty());
  CHECK(states(observer) == States{"hot_journal"});
  SqliteApplication next(directory / "app.db");
  next.query("select count(*) from t");
  CHECK(states(observer) == States{"rollback_idle"});
}

TEST_CASE("a file cut short is truncated") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  const std::string mode = GENERATE("delete", "wal");
  app.exec("pragma journal_mode=" + mode + "; create table t(x); insert into t values (1)");
  app.close();
  fs::resize_file(directory / "app.db", 4096);
  CHECK(states_at(directory / "app.db").contains("truncated"));
}

TEST_CASE("a database in WAL mode is live, and clean after its last close") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  CHECK(states_at(directory / "app.db") == States{"wal_live"});
  app.close();
  CHECK(states_at(directory / "app.db") == States{"wal_clean"});
}

TEST_CASE("a WAL that was kept with everything checkpointed is clean") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.config("persist_wal", true);
  app.exec("create table t(x); insert into t values (1)");
  app.close();
  REQUIRE(fs::exists(directory / "app.db-wal"));
  CHECK(states_at(directory / "app.db") == States{"wal_clean"});
  fs::remove(directory / "app.db-shm");
  // Without the wal-index nobody can tell that its frames are in the database already.
  CHECK(states_at(directory / "app.db").contains("wal_unrecovered") ==
        (fs::file_size(directory / "app.db-wal") > 0));
}

TEST_CASE("committed frames that nobody has open are unrecovered, after a crash or without one") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x); insert into t values (1)");
  const std::string end = GENERATE("crash", "crash without wal-index", "close without checkpoint");
  CAPTURE(end);
  if (end == "close without checkpoint") {
    app.config("no_ckpt_on_close", true);
    app.close();
  } else {
    app.kill();
  }
  if (end == "crash without wal-index") fs::remove(directory / "app.db-shm");
  CHECK(states_at(directory / "app.db") == States{"wal_unrecovered"});
  SqliteApplication next(directory / "app.db");
  CHECK(next.query("select count(*) from t") == "1");
  CHECK(states_at(directory / "app.db") == States{"wal_live"});
}

TEST_CASE("a crash before the first commit leaves nothing to recover") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x)");
  app.exec(kWal);
  app.exec(kSpilledTransaction);
  REQUIRE(fs::file_size(directory / "app.db-wal") > 4096);
  app.kill();
  CHECK(states_at(directory / "app.db") == States{"wal_clean"});
}

TEST_CASE("locking_mode=EXCLUSIVE in WAL mode, from the start or set later") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  SECTION("from the start: no wal-index at all") {
    app.exec("pragma locking_mode=exclusive");
    app.exec(kWal);
    app.exec("create table t(x)");
    REQUIRE_FALSE(fs::exists(directory / "app.db-shm"));
    CHECK(states_at(directory / "app.db") == States{"wal_exclusive"});
  }
  SECTION("set later") {
    app.exec(kWal);
    app.exec("create table t(x); pragma locking_mode=exclusive; insert into t values (1)");
    CHECK(states_at(directory / "app.db") == States{"wal_exclusive", "wal_live"});
  }
}

TEST_CASE("a database replaced under a live application is orphaned") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec(kWal);
  app.exec("create table t(x)");
  Observer observer(path);
  observer.sample();
  fs::copy_file(path, directory / "new.db");
  fs::rename(directory / "new.db", path);
  observer.pass(std::chrono::seconds(1));  // the path is compared once a second
  observer.sample();
  CHECK(states(observer) == States{"orphaned", "wal_live"});
  app.exec("insert into t values (1)");  // it writes on, into what nobody will ever see
  CHECK(states(observer) == States{"orphaned", "wal_live"});
  CHECK_FALSE(observer.look().header);
  app.kill();
  CHECK_FALSE(states(observer).contains("orphaned"));
}

TEST_CASE("a database unlinked under a live application is absent and orphaned") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  Observer observer(directory / "app.db");
  observer.sample();
  fs::remove(directory / "app.db");
  observer.pass(std::chrono::seconds(1));
  observer.sample();
  CHECK(states(observer) == States{"absent", "orphaned"});
}

TEST_CASE("a symbolic link that changes orphans nothing") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "a.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  WalWatch watch(directory / "a.db");
  REQUIRE(watch.take({}));
  watch.set_path(directory / "b.db");
  REQUIRE(watch.take({}));
  CHECK_FALSE(watch.latest().orphaned);
}

TEST_CASE("an application that reads its own database file loses its locks on it") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  Observer observer(directory / "app.db");
  CHECK(states(observer) == States{"wal_live"});
  app.read_file(directory / "app.db");
  CHECK(states(observer) == States{"locks_cancelled", "wal_live"});
}

TEST_CASE("an application that reads its own wal-index loses its locks there, and writes on") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  Observer observer(directory / "app.db");
  CHECK(states(observer) == States{"wal_live"});
  app.read_file(directory / "app.db-shm");
  for (int i = 0; i < 5; ++i) {
    app.exec("insert into t values (1)");
    observer.sample();
  }
  CHECK(states(observer).contains("locks_cancelled"));
}

TEST_CASE("after our own restart an orphan is told from lost locks by its descriptors") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec(kWal);
  app.exec("create table t(x)");
  SECTION("replaced") {
    fs::copy_file(path, directory / "new.db");
    fs::rename(directory / "new.db", path);
    CHECK(states_at(path) == States{"orphaned", "wal_live"});
  }
  SECTION("lost") {
    app.read_file(path);
    CHECK(states_at(path) == States{"locks_cancelled", "wal_live"});
  }
  SECTION("moved away: its descriptors know another name") {
    fs::rename(path, directory / "old.db");
    fs::copy_file(directory / "old.db", path);
    CHECK(states_at(path) == States{"locks_inconsistent", "wal_live"});
  }
  SECTION("its wal-index was unlinked: what the file says is old") {
    fs::remove(path + "-shm");
    fs::remove(path + "-wal");
    Observer observer(path);
    CHECK(states(observer) == States{"orphaned"});
    CHECK_FALSE(observer.look().header);
  }
  SECTION("it is open by another name, and nobody is accused") {
    fs::create_hard_link(path, directory / "link.db");
    Observer observer(directory / "link.db");
    CHECK(states(observer).empty());
    CHECK_FALSE(observer.look().header);
  }
  SECTION("unlinked") {
    fs::remove(path);
    CHECK(states_at(path) == States{"absent", "orphaned"});
  }
  SECTION("its descriptors may not be seen") {
    app.read_file(path);
    Observer observer(path);
    observer.node().own_pid_namespace = false;
    CHECK(states(observer) == States{"locks_inconsistent", "wal_live"});
  }
}

TEST_CASE("of two processes the one that lost its locks is found") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication healthy(path);
  healthy.exec(kWal);
  healthy.exec("create table t(x)");
  SqliteApplication careless(path);
  careless.query("select count(*) from t");
  Observer observer(path);
  observer.read_locks();
  CHECK(states(observer) == States{"wal_live"});
  SECTION("those on the database") {
    careless.read_file(path);
    observer.read_locks();
    CHECK(states(observer) == States{"wal_live"});  // one reading of /proc/locks accuses nobody
    observer.read_locks();
    CHECK(states(observer) == States{"locks_cancelled", "wal_live"});
    CHECK(observer.look().holders.lost_locks->pid == careless.pid());
  }
  SECTION("its wal-index was unlinked, and another one made") {
    fs::remove(path + "-shm");
    fs::remove(path + "-wal");
    healthy.close();
    SqliteApplication newcomer(path);
    newcomer.query("select count(*) from sqlite_schema");
    Observer late(path);
    late.read_locks();
    late.look();
    late.read_locks();
    CHECK(states(late) == States{"orphaned", "wal_live"});
    CHECK(late.look().holders.lost_locks->pid == careless.pid());
  }
  SECTION("those on the wal-index") {
    careless.read_file(path + "-shm");
    observer.read_locks();
    observer.sample();
    observer.look();
    observer.read_locks();
    CHECK(states(observer) == States{"locks_cancelled", "wal_live"});
    CHECK(observer.look().holders.lost_locks->pid == careless.pid());
  }
}

}  // namespace
}  // namespace sqlite_exporter::test
