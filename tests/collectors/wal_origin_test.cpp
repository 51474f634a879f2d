/// A backup beside the WAL of the file it replaced, and crashes of every kind beside their own.
#include <filesystem>
#include <fstream>
#include <string>

#include "collectors/linux/file_times.h"
#include "collectors/wal_origin.h"
#include "tests/support/await.h"
#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/skip.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/states.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

namespace fs = std::filesystem;

class Crashed {
 public:
  Crashed() : path(directory / "app.db"), backup(directory / "backup.db") {
    SqliteApplication app(path);
    app.exec("pragma journal_mode=wal; create table t(x); insert into t values (1)");
    app.close();
    fs::copy_file(path, backup);
    app.open(path);
    app.exec("pragma wal_autocheckpoint=0; create table u(x); insert into u values (1)");
    app.kill();
  }

  const TemporaryDirectory directory;
  const std::string path;
  const std::string backup;
};

/// File times are no finer than the kernel's tick, and two files must be told apart by more.
void await_newer_than(const std::string& wal, const std::string& probe, double seconds) {
  const double modified = status_of(wal)->modified;
  await([&] {
    std::ofstream(probe) << 'x';
    return status_of(probe)->modified > modified + seconds;
  });
}

TEST_CASE("frames beside a backup that was written over the database may be of another file") {
  const Crashed crashed;
  Observer observer(crashed.path);
  CHECK(states(observer) == States{"wal_unrecovered"});
  await_newer_than(crashed.path + "-wal", crashed.directory / "probe", 0.1);
  fs::copy_file(crashed.backup, crashed.path, fs::copy_options::overwrite_existing);
  CHECK(states(observer) == States{"wal_unrecovered", "wal_mismatched"});
}

TEST_CASE("frames beside a backup that was moved in place may be of another file") {
  const Crashed crashed;
  if (!file_times_of(crashed.path)->born)
    return skip("wal_origin", "this filesystem keeps no birth times");
  await_newer_than(crashed.path + "-wal", crashed.directory / "probe", 1.1);
  const std::string copy = crashed.directory / "copy.db";
  fs::copy_file(crashed.backup, copy);
  // As with `cp -p`: the file is new, its time is not.
  fs::last_write_time(copy, fs::last_write_time(crashed.path + "-wal") - std::chrono::hours(24));
  fs::rename(copy, crashed.path);
  Observer observer(crashed.path);
  CHECK(states(observer) == States{"wal_unrecovered", "wal_mismatched"});
}

TEST_CASE("frames beside a backup of before them that was moved in place may be of another file") {
  const Crashed crashed;
  await_newer_than(crashed.path + "-wal", crashed.directory / "probe", 0.1);
  fs::rename(crashed.backup, crashed.path);  // older than the WAL by every time but its ctime
  Observer observer(crashed.path);
  CHECK(states(observer) == States{"wal_unrecovered", "wal_mismatched"});
}

TEST_CASE("frames of another page size are of another file") {
  const Crashed crashed;
  SqliteApplication other(crashed.directory / "other.db");
  other.exec("pragma page_size=1024; pragma journal_mode=wal; create table t(x)");
  other.close();
  fs::copy_file(crashed.directory / "other.db", crashed.path, fs::copy_options::overwrite_existing);
  fs::remove(crashed.path + "-shm");
  Observer observer(crashed.path);
  CHECK(states(observer) == States{"wal_unrecovered", "wal_mismatched"});
}

TEST_CASE("what a crash leaves belongs together, with a checkpoint before it or a recovery") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("pragma journal_mode=wal; pragma wal_autocheckpoint=0; create table t(x)");
  const std::string before = GENERATE("a checkpoint of a part", "a recovery", "a new start");
  CAPTURE(before);
  if (before == "a checkpoint of a part") {
    SqliteApplication reader(path);
    reader.step("select * from sqlite_master");
    app.exec("insert into t values (1)");
    await_newer_than(path + "-wal", directory / "probe", 0.1);
    app.query("pragma wal_checkpoint");
    reader.kill();
    app.kill();
  } else if (before == "a recovery") {
    app.exec("insert into t values (1)");
    await_newer_than(path + "-wal", directory / "probe", 0.1);
    app.query("pragma wal_checkpoint");
    app.kill();
    SqliteApplication next(path);
    next.query("select count(*) from t");
    next.kill();
  } else {
    app.query("pragma wal_checkpoint");
    app.exec("insert into t values (1)");
    app.kill();
  }
  Observer observer(path);
  CHECK_FALSE(states(observer).contains("wal_mismatched"));
}

}  // namespace
}  // namespace sqlite_exporter::test
