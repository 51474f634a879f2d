/// A WAL that was deleted, cut or exchanged under its application, and one that is only busy.
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

TEST_CASE("a WAL that was deleted or cut under its application is lost, and all else is told") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("pragma journal_mode=wal; create table t(x); insert into t values (1)");
  Observer observer(path);
  CHECK(states(observer) == States{"wal_live"});
  const std::string what = GENERATE("deleted", "cut to nothing", "cut within its last frame",
                                    "exchanged", "made anew by who came later");
  CAPTURE(what);
  const std::string wal = path + "-wal";
  if (what == "cut to nothing") {
    fs::resize_file(wal, 0);
  } else if (what == "cut within its last frame") {
    fs::resize_file(wal, fs::file_size(wal) - 1);
  } else if (what == "exchanged") {
    SqliteApplication other(directory / "other.db");
    other.exec("pragma journal_mode=wal; create table t(x); insert into t values (1), (2)");
    fs::copy_file(directory / "other.db-wal", wal, fs::copy_options::overwrite_existing);
  } else {
    fs::remove(wal);
  }
  if (what == "made anew by who came later") {
    SqliteApplication newcomer(path);
    CHECK_THROWS(newcomer.exec("pragma user_version"));  // its WAL ends before its frames
    REQUIRE(fs::exists(wal));
  }
  CHECK(states(observer) == States{"wal_live", "wal_lost"});
  app.exec("insert into t values (2)");
  CHECK(states(observer) == States{"wal_live", "wal_lost"});
  // Not one of its frames is the newest page 1 any more, but the wal-index is that of the writer.
  CHECK(observer.value("sqlite_wal_frames") >= 2);
}

TEST_CASE("a WAL that is started over, emptied and closed under full load is never lost") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec(
      "pragma journal_mode=wal; pragma synchronous=off; pragma busy_timeout=10000; create table "
      "t(x)");
  SqliteApplication truncating(path);
  truncating.exec("pragma busy_timeout=1000");
  Observer observer(path);
  app.start({.work = "insert into t values (randomblob(2000))"});
  for (int i = 0; i < 300; ++i) {
    if (i % 3 == 0) truncating.query("pragma wal_checkpoint(truncate)");
    if (i % 7 == 0) SqliteApplication(path).query("select count(*) from t");
    observer.sample();
    try {
      CHECK_FALSE(names_of(observer.look().suspected).contains("wal_lost"));
    } catch (const std::runtime_error&) {
      // A writer was faster than every try.
    }
  }
  app.stop();
}

}  // namespace
}  // namespace sqlite_exporter::test
