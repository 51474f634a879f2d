/// Files put beside a WAL that is not theirs, and what crashes of every kind leave beside their
/// own. SQLite itself is the judge of both.
#include <algorithm>
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

constexpr const char* kRows =
    "insert into t with recursive n(i) as (select 1 union all select i+1 from n where i<200) "
    "select hex(randomblob(40)) from n";

/// A database of 200 rows with backups of both kinds, that then got 200 more and crashed.
class Restorable {
 public:
  explicit Restorable(const std::string& checkpointed)
      : path(directory / "app.db"),
        backup(directory / "backup.db"),
        vacuumed(directory / "vacuumed.db") {
    SqliteApplication app(path);
    app.exec("pragma journal_mode=wal; create table t(x)");
    app.exec(kRows);
    app.exec("vacuum into '" + vacuumed + "'");
    app.close();
    fs::copy_file(path, backup);
    app.open(path);
    app.exec("pragma wal_autocheckpoint=0");
    app.exec(kRows);
    if (checkpointed == "a part") {
      SqliteApplication reader(path);
      reader.step("select * from t");
      app.exec("insert into t values ('late')");
      app.query("pragma wal_checkpoint");
      reader.kill();
    } else if (checkpointed == "all") {
      app.query("pragma wal_checkpoint");
    }
    app.kill();
  }

  /// As `cp -p`: the same file with other bytes, and the time of the other one.
  void overwrite(const std::string& with) const {
    const auto time = fs::last_write_time(path);
    fs::copy_file(with, path, fs::copy_options::overwrite_existing);
    fs::last_write_time(path, time - std::chrono::hours(24));
  }

  /// What whoever opens it now gets to see, in place of the 200 rows of the backup.
  bool opens_as_restored() const {
    SqliteApplication app(path);
    return app.query("select count(*) from t") == "200" &&
           app.query("pragma integrity_check") == "ok";
  }

  const TemporaryDirectory directory;
  const std::string path;
  const std::string backup;
  const std::string vacuumed;
};

TEST_CASE("a backup in rollback mode beside frames is told, whatever was checkpointed") {
  const std::string checkpointed = GENERATE("nothing", "a part", "all");
  const bool index = GENERATE(true, false);
  CAPTURE(checkpointed, index);
  const Restorable files(checkpointed);
  files.overwrite(files.vacuumed);
  if (!index) fs::remove(files.path + "-shm");
  Observer observer(files.path);
  CHECK(states(observer).contains("wal_mismatched"));
  CHECK_FALSE(states(observer).contains("rollback_idle"));
  CHECK_FALSE(files.opens_as_restored());
}

TEST_CASE("a backup beside frames that were checkpointed before is told by its pages") {
  const std::string checkpointed = GENERATE("a part", "all");
  CAPTURE(checkpointed);
  const Restorable files(checkpointed);
  Observer before(files.path);
  CHECK(states(before) == States{checkpointed == "all" ? "wal_clean" : "wal_unrecovered"});
  files.overwrite(files.backup);
  Observer after(files.path);
  CHECK(states(after) == States{"wal_unrecovered", "wal_mismatched"});
  CHECK(states(before) == States{"wal_unrecovered", "wal_mismatched"});
  CHECK_FALSE(files.opens_as_restored());
}

TEST_CASE("a younger backup beside frames without an index is told by its pages") {
  const Restorable files(GENERATE("nothing", "all"));
  fs::remove(files.path + "-shm");
  files.overwrite(files.backup);
  fs::last_write_time(files.path,
                      fs::last_write_time(files.path + "-wal") + std::chrono::seconds(2));
  Observer observer(files.path);
  CHECK(states(observer) == States{"wal_unrecovered", "wal_mismatched"});
}

TEST_CASE("a file of another page size is told, though all frames were checkpointed") {
  const Restorable files("all");
  const std::string other = files.directory / "other.db";
  SqliteApplication app(other);
  app.exec("pragma page_size=1024; pragma journal_mode=wal; create table t(x)");
  app.close();
  files.overwrite(other);
  Observer observer(files.path);
  CHECK(states(observer) == States{"wal_unrecovered", "wal_mismatched"});
}

TEST_CASE("commits beside a file that is empty or gone are told before SQLite deletes them") {
  const Restorable files(GENERATE("nothing", "a part", "all"));
  const bool gone = GENERATE(false, true);
  if (gone) {
    fs::remove(files.path);
  } else {
    fs::resize_file(files.path, 0);
  }
  Observer observer(files.path);
  CHECK(states(observer) == States{gone ? "absent" : "empty", "wal_mismatched"});
  SqliteApplication app(files.path);
  app.query("select count(*) from sqlite_master");
  CHECK_FALSE(fs::exists(files.path + "-wal"));
}

TEST_CASE("a journal of pages beside a file that is empty or gone is told") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("create table t(x)");
  app.exec(kRows);
  app.exec("pragma cache_size=1; begin; update t set x = x || 'y'");
  app.kill();
  const bool gone = GENERATE(false, true);
  if (gone) {
    fs::remove(path);
  } else {
    fs::resize_file(path, 0);
  }
  Observer observer(path);
  CHECK(states(observer) == States{gone ? "absent" : "empty", "hot_journal"});
}

TEST_CASE("a first transaction that was not committed is no loss") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("pragma cache_size=1; begin; create table t(x)");
  app.exec(kRows);
  app.kill();
  fs::resize_file(path, 0);  // where nothing was spilled it is
  REQUIRE(fs::exists(path + "-journal"));
  Observer observer(path);
  CHECK(states(observer) == States{"empty"});
}

TEST_CASE("an absent database with an empty -wal beside it is absent") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  std::ofstream(path + "-wal").flush();
  Observer observer(path);
  CHECK(states(observer) == States{"absent"});
}

TEST_CASE("whoever comes late tells a backup in rollback mode under an application") {
  const Restorable files("nothing");
  SqliteApplication app(files.path);
  app.query("select count(*) from t");
  Observer before(files.path);
  CHECK(states(before) == States{"wal_live"});
  if (GENERATE(true, false)) {
    files.overwrite(files.vacuumed);
  } else {
    fs::resize_file(files.path, 0);
  }
  Observer observer(files.path);
  CHECK(states(observer).contains("overwritten"));
}

TEST_CASE("a WAL that is kept while the mode is given up belongs to its file") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.config("persist_wal", true);
  app.exec("pragma journal_mode=wal; create table t(x)");
  app.query("pragma journal_mode=delete");
  app.exec(kRows);
  app.query("pragma wal_checkpoint");
  Observer live(path);
  CHECK_FALSE(states(live).contains("overwritten"));
  app.kill();
  Observer observer(path);
  CHECK_FALSE(states(observer).contains("wal_mismatched"));
}

TEST_CASE("owners, modes and links of a crashed database accuse nobody") {
  const Restorable files("nothing");
  std::ofstream(files.directory / "probe") << 'x';
  const double modified = status_of(files.path + "-wal")->modified;
  await([&] {
    std::ofstream(files.directory / "probe") << 'x';
    return status_of(files.directory / "probe")->modified > modified + 0.2;
  });
  const std::string what = GENERATE("chmod", "chmod of all", "links");
  CAPTURE(what);
  std::string path = files.path;
  if (what == "links") {
    fs::create_directory(files.directory / "linked");
    path = files.directory / "linked/app.db";
    for (const char* const suffix : {"", "-wal", "-shm"})
      fs::create_hard_link(files.path + suffix, path + suffix);
  } else {
    fs::permissions(files.path, fs::perms::owner_read | fs::perms::owner_write);
    if (what == "chmod of all")
      fs::permissions(files.path + "-wal", fs::perms::owner_read | fs::perms::owner_write);
  }
  Observer observer(path);
  CHECK(states(observer) == States{"wal_unrecovered"});
}

/// A crash of one of many shapes: sizes of pages, a pinned checkpoint, a WAL that has started over,
/// a database that shrank, a recovery that was not finished.
std::string crash(const std::string& path, int shape) {
  SqliteApplication app(path);
  app.exec("pragma page_size=" + std::to_string(512 << (shape % 4)) +
           (shape % 5 == 0 ? "; pragma auto_vacuum=full" : "") +
           "; pragma journal_mode=wal; pragma synchronous=off; create table t(x)");
  app.exec("pragma wal_autocheckpoint=" + std::to_string(shape % 3 == 0 ? 0 : 5 + shape));
  for (int i = 0; i < shape % 7; ++i) app.exec(kRows);
  SqliteApplication reader(path);
  if (shape % 2 == 0) reader.step("select * from t, sqlite_master");
  for (int i = 0; i < shape % 4; ++i) app.exec(kRows);
  app.exec("delete from t where rowid % 3 = 1");
  if (shape % 5 == 0) app.exec("delete from t where rowid > 50");
  if (shape % 3 != 1) app.query("pragma wal_checkpoint");
  if (shape % 8 < 4) app.exec(kRows);
  if (shape % 11 == 0) app.query("pragma wal_checkpoint(restart)");
  if (shape % 6 == 0) app.exec("pragma cache_size=1; begin; update t set x = x || 'y'");
  if (shape % 6 == 3) {
    app.start({"insert into t values (@ || hex(randomblob(99)))"});
    Observer observer(path);
    for (int i = 0; i < shape; ++i) observer.sample();
  }
  app.kill();
  reader.kill();
  if (shape % 9 == 0) {
    SqliteApplication next(path);
    next.query("select count(*) from t");
    next.kill();
  }
  return path;
}

TEST_CASE("no crash is taken for a restore") {
  for (int shape = 0; shape < 60; ++shape) {
    CAPTURE(shape);
    const TemporaryDirectory directory;
    const std::string path = crash(directory / "app.db", shape);
    if (shape % 10 == 7) fs::remove(path + "-shm");
    Observer observer(path);
    const States told = states(observer);
    CHECK((told == States{"wal_unrecovered"} || told == States{"wal_clean"}));
    const std::string copy = directory / "copy.db";
    for (const char* const suffix : {"", "-wal", "-shm"})
      if (fs::exists(path + suffix)) fs::copy_file(path + suffix, copy + suffix);
    SqliteApplication judge(copy);
    CHECK(judge.query("pragma integrity_check") == "ok");
  }
}

}  // namespace
}  // namespace sqlite_exporter::test
