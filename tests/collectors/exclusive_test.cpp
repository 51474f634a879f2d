/// Real databases under exclusive locking: the mode, what is told of it, and what is left out.
#include <filesystem>
#include <fstream>
#include <random>
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

constexpr const char* kInsert = "insert into t values (randomblob(100))";
constexpr const char* kSpilledTransaction =
    "pragma cache_size=1; begin; insert into t select randomblob(3000) from "
    "(with recursive n(i) as (select 1 union all select i+1 from n limit 200) select i from n)";

bool counts(Observer& observer) { return !observer.line("sqlite_transactions_total").empty(); }

bool tells_a_hold(Observer& observer) {
  const std::string text = observer.text({"locks"});
  return text.find("sqlite_lock_current_hold_seconds") != std::string::npos;
}

void check_mode(Observer& observer, SqliteApplication& app) {
  CHECK(states(observer) == States{"rollback_exclusive"});
  CHECK_FALSE(counts(observer));
  CHECK_FALSE(tells_a_hold(observer));
  CHECK(observer.line("sqlite_database_info").find("journal_mode=\"rollback\"") !=
        std::string::npos);
  CHECK(observer.value("sqlite_database_page_size_bytes") == 4096);
  CHECK(observer.value("sqlite_database_pages") == std::stod(app.query("pragma page_count")));
  CHECK(observer.value("sqlite_database_freelist_pages") ==
        std::stod(app.query("pragma freelist_count")));
}

TEST_CASE("locking_mode=EXCLUSIVE in rollback mode") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  const std::string mode = GENERATE("delete", "truncate", "persist");
  CAPTURE(mode);
  app.exec("pragma locking_mode=exclusive; pragma journal_mode=" + mode + "; create table t(x)");
  app.exec(kInsert);
  Observer observer(path);
  check_mode(observer, app);

  app.exec("begin; insert into t values (1)");
  CHECK(states(observer) == States{"rollback_exclusive"});
  app.exec("commit");
  app.exec(kSpilledTransaction);
  CHECK(states(observer) == States{"rollback_exclusive"});
  // What may be half of a commit is left out, what no commit changes is not.
  CHECK(observer.line("sqlite_database_pages").empty());
  CHECK(observer.value("sqlite_database_page_size_bytes") == 4096);
  CHECK_FALSE(observer.line("sqlite_database_info").empty());
  app.exec("commit");
  check_mode(observer, app);

  app.exec("pragma locking_mode=normal; select count(*) from t");
  CHECK(states(observer) == States{"rollback_idle"});
  CHECK(counts(observer));
  const double before = observer.value("sqlite_transactions_total");
  app.exec(kInsert);
  CHECK(observer.value("sqlite_transactions_total") == before + 1);
}

TEST_CASE("locking_mode=EXCLUSIVE without a journal file, once it has committed under our eyes") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  const std::string mode = GENERATE("memory", "off");
  CAPTURE(mode);
  app.exec("pragma locking_mode=exclusive; pragma journal_mode=" + mode + "; create table t(x)");
  Observer observer(path);
  CHECK(states(observer) == States{"rollback_active"});  // as a BEGIN EXCLUSIVE
  app.exec("create table u(x)");
  check_mode(observer, app);
}

TEST_CASE("vfs=unix-excl in rollback mode") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app("file:" + path + "?vfs=unix-excl");
  app.exec("create table t(x)");
  app.exec(kInsert);
  Observer observer(path);
  check_mode(observer, app);
}

TEST_CASE("a transaction that holds EXCLUSIVE stays one") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  const std::string mode = GENERATE("delete", "truncate", "persist", "memory");
  CAPTURE(mode);
  app.exec("pragma journal_mode=" + mode + "; create table t(x)");
  app.exec(kInsert);
  Observer observer(path);
  observer.text();
  SECTION("a large one") {
    SUCCEED("prepared");  // what is asserted follows
    app.exec(kSpilledTransaction);
  }
  SECTION("one that has written nothing into the file") {
    SUCCEED("prepared");  // what is asserted follows

    app.exec("begin exclusive; insert into t values (1)");
  }
  CHECK(states(observer) == States{"rollback_active"});
  CHECK(counts(observer));
  CHECK(tells_a_hold(observer));
  CHECK_FALSE(observer.line("sqlite_database_info").empty());
  CHECK(observer.line("sqlite_database_pages").empty());
  app.exec("commit");
  CHECK(states(observer) == States{"rollback_idle"});
  CHECK(observer.value("sqlite_transactions_total") == 1);
}

TEST_CASE("the mode does not flicker under load, and no hold is told of it") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("pragma locking_mode=exclusive; pragma synchronous=off; create table t(x)");
  app.exec(kInsert);
  Observer observer(path);
  REQUIRE(states(observer) == States{"rollback_exclusive"});
  app.start({.work = "insert into t values (randomblob(5000))"});
  for (int i = 0; i < 300; ++i) {
    REQUIRE(states(observer) == States{"rollback_exclusive"});
    REQUIRE_FALSE(observer.line("sqlite_database_info").empty());
    REQUIRE_FALSE(counts(observer));
    REQUIRE_FALSE(tells_a_hold(observer));
  }
  app.stop();
}

TEST_CASE("the WAL of one connection alone is followed") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app;
  SECTION("locking_mode=EXCLUSIVE") {
    SUCCEED("prepared");  // what is asserted follows

    app.open(path);
    app.exec("pragma locking_mode=exclusive");
  }
  SECTION("vfs=unix-excl") {
    SUCCEED("prepared");  // what is asserted follows
    app.open("file:" + path + "?vfs=unix-excl");
  }
  app.exec("pragma journal_mode=wal; create table t(x)");
  REQUIRE_FALSE(fs::exists(path + "-shm"));
  Observer observer(path);
  CHECK(states(observer) == States{"wal_exclusive"});
  const double before = observer.value("sqlite_transactions_total");
  for (int i = 1; i <= 25; ++i) {
    app.exec(kInsert);
    REQUIRE(observer.value("sqlite_transactions_total") == before + i);
  }
  CHECK(observer.value("sqlite_database_pages") == std::stod(app.query("pragma page_count")));
  CHECK(observer.value("sqlite_wal_file_size_bytes") ==
        32 + observer.value("sqlite_wal_frames") * (24 + 4096));
  CHECK(observer.line("sqlite_wal_backfilled_frames").empty());
  CHECK_FALSE(observer.line("sqlite_database_info").empty());
  CHECK_FALSE(tells_a_hold(observer));

  app.query("pragma wal_checkpoint(truncate)");
  CHECK(observer.value("sqlite_wal_frames") == 0);
  CHECK(observer.value("sqlite_database_pages") == std::stod(app.query("pragma page_count")));
  app.exec(kInsert);
  CHECK(observer.value("sqlite_transactions_total") == before + 26);
  CHECK(observer.value("sqlite_wal_resets_total") == 1);
  // There was one, and how many there were only the connection knows.
  CHECK(observer.text({"checkpoints"}).find("sqlite_checkpoint") == std::string::npos);
  CHECK(states(observer) == States{"wal_exclusive"});
}

TEST_CASE("of a WAL that was seen empty before the hold all commits count") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("pragma journal_mode=wal; create table t(x)");
  app.close();
  Observer observer(path);
  observer.text();
  app.open(path);
  app.exec("pragma locking_mode=exclusive");
  for (int i = 0; i < 7; ++i) app.exec(kInsert);
  await([&] { return observer.sample().exclusive_wal.has_value(); });
  CHECK(observer.value("sqlite_transactions_total") == 7);
  CHECK(observer.value("sqlite_wal_frames_written_total") == observer.value("sqlite_wal_frames"));
}

TEST_CASE("a WAL that grew under a lock that was seen has no unseen writer when its own has died") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  Observer observer(path);
  for (int life = 0; life < 3; ++life) {
    SqliteApplication app(path);
    app.exec("pragma locking_mode=exclusive; pragma journal_mode=wal");
    app.exec("create table if not exists t(x)");
    app.exec(kInsert);
    CHECK(states(observer) == States{"wal_exclusive"});
    app.exec(kInsert);  // no look sees this one
    app.kill();
    CHECK(states(observer) == States{"wal_unrecovered"});
  }
}

TEST_CASE("what nobody can count is absent: a wal-index that is not beside the database") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("pragma journal_mode=wal; create table t(x)");
  fs::create_directory(directory / "mounted");
  fs::create_hard_link(path, directory / "mounted/app.db");  // as a file that is mounted alone
  Observer observer(directory / "mounted/app.db");
  CHECK_FALSE(counts(observer));
  app.exec(kInsert);
  CHECK_FALSE(counts(observer));
  CHECK(observer.line("sqlite_wal_frames_written_total").empty());
  CHECK(observer.line("sqlite_wal_resets_total").empty());
}

TEST_CASE("what nobody can count is absent: an encrypted database in rollback mode") {
  const TemporaryDirectory directory;
  std::minstd_rand random(1);
  std::ofstream file(directory / "app.db", std::ios::binary);
  for (int i = 0; i < 8192; ++i) file.put(static_cast<char>(random() >> 16U));
  file.close();
  Observer observer(directory / "app.db");
  REQUIRE(states(observer) == States{"encrypted"});
  CHECK_FALSE(counts(observer));
}

TEST_CASE("what was counted before exclusive locking goes on after it") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("create table t(x)");
  Observer observer(path);
  observer.text();
  app.exec(kInsert);
  CHECK(observer.value("sqlite_transactions_total") == 1);
  {
    SqliteApplication alone(path);
    alone.exec("pragma locking_mode=exclusive");
    alone.exec(kInsert);
    states(observer);
    CHECK_FALSE(counts(observer));
  }
  CHECK(observer.value("sqlite_transactions_total") >= 2);
}

TEST_CASE("frames that a recovery finds in a WAL were not written now") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication crashed(path);
  crashed.exec("pragma journal_mode=wal; create table t(x)");
  for (int i = 0; i < 10; ++i) crashed.exec(kInsert);
  crashed.kill();
  fs::remove(path + "-shm");
  Observer observer(path);
  observer.text();
  SqliteApplication app(path);
  app.query("select count(*) from t");
  CHECK(observer.value("sqlite_wal_frames") > 0);
  CHECK(observer.value("sqlite_wal_frames_written_total") == 0);
  const double frames = observer.value("sqlite_wal_frames");
  app.exec(kInsert);
  CHECK(observer.value("sqlite_wal_frames_written_total") ==
        observer.value("sqlite_wal_frames") - frames);
  CHECK(observer.value("sqlite_transactions_total") == 1);
}

}  // namespace
}  // namespace sqlite_exporter::test
