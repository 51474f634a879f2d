/// A database file that something else than SQLite wrote to, and all that only looks so.
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/states.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

namespace fs = std::filesystem;

/// As `cp` does: the file stays, its content is another.
void write_over(const std::string& from, const std::string& to) {
  std::ifstream source(from, std::ios::binary);
  std::ofstream target(to, std::ios::binary | std::ios::in | std::ios::out | std::ios::trunc);
  target << source.rdbuf();
  REQUIRE(target.flush());
}

TEST_CASE("a backup that is copied over a database in use is told until that is closed") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("pragma journal_mode=wal; create table t(x); insert into t values (1)");
  app.query("pragma wal_checkpoint");
  fs::copy_file(path, directory / "backup.db");
  app.exec("create table u(x); insert into u values (1)");
  app.query("pragma wal_checkpoint");
  Observer observer(path);
  CHECK(states(observer) == States{"wal_live"});
  write_over(directory / "backup.db", path);
  CHECK(states(observer) == States{"wal_live", "overwritten"});
  app.exec("insert into t values (2)");
  app.query("pragma wal_checkpoint");
  CHECK(states(observer) == States{"wal_live", "overwritten"});
  app.close();
  CHECK_FALSE(states(observer).contains("overwritten"));
}

TEST_CASE("whoever opens, writes and closes between two looks is SQLite") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication(path).exec("pragma journal_mode=wal; create table t(x)");
  Observer observer(path);
  for (int i = 0; i < 5; ++i) {
    SqliteApplication app(path);
    app.query("select count(*) from t");  // attached, and nothing written yet
    observer.sample();
    CHECK_FALSE(names_of(observer.look().states).contains("overwritten"));
    app.exec("insert into t values (1); create table t" + std::to_string(i) + "(x)");
  }
}

TEST_CASE("neither a touch nor checkpoints under load write over a database") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec(
      "pragma journal_mode=wal; pragma synchronous=off; pragma busy_timeout=10000; create table "
      "t(x)");
  Observer observer(path);
  CHECK(states(observer) == States{"wal_live"});
  fs::last_write_time(path, fs::file_time_type::clock::now());
  CHECK(states(observer) == States{"wal_live"});
  app.start({.work = "insert into t values (randomblob(2000))"});
  for (int i = 0; i < 200; ++i) {
    observer.sample();
    try {
      CHECK_FALSE(names_of(observer.look().states).contains("overwritten"));
    } catch (const std::runtime_error&) {
      // A writer was faster than every try.
    }
  }
  app.stop();
}

}  // namespace
}  // namespace sqlite_exporter::test
