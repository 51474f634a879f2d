/// What may be opened by SQL, over real databases in each state.
#include "collectors/sql_access.h"

#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

namespace fs = std::filesystem;

/// Suspicions take two looks.
SqlAccess access_to(const std::string& path) {
  Observer observer(path);
  observer.sample();
  static_cast<void>(observer.look());
  observer.sample();
  return sql_access_of(observer.look());
}

TEST_CASE("a database that is open in WAL mode may be opened") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal; create table t(x)");
  CHECK(access_to(directory / "app.db") == SqlAccess::wal);
  app.exec("begin immediate; insert into t values (1)");
  CHECK(access_to(directory / "app.db") == SqlAccess::wal);
  app.exec("commit; pragma wal_checkpoint(truncate)");
  CHECK(access_to(directory / "app.db") == SqlAccess::wal);
  app.close();
  CHECK(access_to(directory / "app.db") == SqlAccess::not_open);
}

TEST_CASE("rollback mode is told apart: readers keep writers waiting there") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x); insert into t values (1)");
  CHECK(access_to(directory / "app.db") == SqlAccess::rollback);
  app.step("select x from t");
  CHECK(access_to(directory / "app.db") == SqlAccess::rollback);
}

TEST_CASE("what a crash or a lock left must not be opened") {
  const TemporaryDirectory directory;
  SqliteApplication crashed(directory / "crashed.db");
  crashed.exec("pragma journal_mode=wal; create table t(x); insert into t values (1)");
  crashed.kill();
  CHECK(access_to(directory / "crashed.db") == SqlAccess::state);

  SqliteApplication hot(directory / "hot.db");
  hot.exec(
      "pragma cache_size=1; create table t(x); begin; insert into t select randomblob(3000) from "
      "(with recursive n(i) as (select 1 union all select i+1 from n limit 200) select i from n)");
  hot.kill();
  CHECK(access_to(directory / "hot.db") == SqlAccess::state);

  SqliteApplication exclusive(directory / "exclusive.db");
  exclusive.exec("pragma locking_mode=exclusive; pragma journal_mode=wal; create table t(x)");
  CHECK(access_to(directory / "exclusive.db") == SqlAccess::state);

  SqliteApplication careless(directory / "careless.db");
  careless.exec("pragma journal_mode=wal; create table t(x)");
  careless.read_file(directory / "careless.db");
  CHECK(access_to(directory / "careless.db") != SqlAccess::wal);
}

TEST_CASE("what is only suspected is not opened until the next look tells") {
  const TemporaryDirectory directory;
  SqliteApplication sound(directory / "sound.db");
  sound.exec("pragma journal_mode=wal; create table t(x)");
  for (const std::string name : {"careless.db", "replaced.db"}) {
    INFO(name);
    SqliteApplication app(directory / name);
    app.exec("pragma journal_mode=wal; create table t(x)");
    Observer observer(directory / name);
    observer.sample();
    CHECK(sql_access_of(observer.look()) == SqlAccess::wal);
    if (name == "careless.db") {
      app.read_file(directory / name);
    } else {
      fs::copy_file(directory / "sound.db", directory / "copy.db");
      fs::rename(directory / "copy.db", directory / name);
    }
    observer.sample();
    CHECK(sql_access_of(observer.look()) == SqlAccess::suspected);
    observer.sample();
    CHECK(sql_access_of(observer.look()) == SqlAccess::state);
  }
}

TEST_CASE("what is no database must not be opened") {
  const TemporaryDirectory directory;
  CHECK(access_to(directory / "absent.db") == SqlAccess::state);
  std::ofstream(directory / "empty.db").close();
  CHECK(access_to(directory / "empty.db") == SqlAccess::state);
  std::ofstream(directory / "text.db") << "just a text";
  CHECK(access_to(directory / "text.db") == SqlAccess::state);
}

TEST_CASE("where locks are not seen nothing is opened") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal; create table t(x)");
  Observer observer(directory / "app.db");
  observer.sample();
  Look look = observer.look();
  look.locks_hidden = true;
  CHECK(sql_access_of(look) == SqlAccess::filesystem);
  look.locks_hidden = false;
  CHECK(sql_access_of(look) == SqlAccess::wal);
  Mount nfs;
  nfs.remote = true;
  look.mount = &nfs;
  CHECK(sql_access_of(look) == SqlAccess::filesystem);
  look.mount = nullptr;
  CHECK(sql_access_of(look) == SqlAccess::filesystem);
}

}  // namespace
}  // namespace sqlite_exporter::test
