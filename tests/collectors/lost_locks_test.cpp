/// A process that reads or writes through the wal-index without the locks that keep it alive.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/states.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

constexpr const char* kWal = "pragma journal_mode=wal; pragma wal_autocheckpoint=0";

struct Pair {
  TemporaryDirectory directory;
  std::string path = directory / "app.db";
  SqliteApplication loser{path};
  SqliteApplication other;

  Pair() {
    loser.exec(kWal);
    loser.exec("create table t(x); insert into t values (1), (2)");
    other.open(path);
    other.query("select count(*) from t");
  }

  /// As any backup in the same process would: closing a file drops all locks on it.
  void lose() {
    loser.read_file(path);
    loser.read_file(path + "-shm");
  }
};

States after_two_readings(Observer& observer) {
  observer.sample();
  observer.read_locks();
  observer.look();
  observer.read_locks();
  observer.look();
  return states(observer);
}

TEST_CASE("who writes with neither the switch nor SHARED has lost its locks, by name") {
  Pair pair;
  pair.lose();
  pair.loser.exec("begin immediate; insert into t values (3)");
  Observer observer(pair.path);
  observer.sample();
  observer.read_locks();
  CHECK_FALSE(observer.look().holders.lost_locks);  // one table is not of one moment
  CHECK(after_two_readings(observer).contains("locks_cancelled"));
  const Look look = observer.look();
  REQUIRE(look.holders.lost_locks);
  CHECK(look.holders.lost_locks->pid == pair.loser.pid());
  CHECK(look.holders.lost_locks->lost_both);

  // Between its transactions no lock shows it, and it is as dangerous.
  pair.loser.exec("commit");
  CHECK(after_two_readings(observer).contains("locks_cancelled"));
  const std::vector<HolderProcess> holders = observer.look().holders.processes;
  CHECK(std::ranges::is_sorted(holders, {}, &HolderProcess::pid));
  CHECK(std::ranges::count(holders, pair.loser.pid(), &HolderProcess::pid) == 1);
  // It closes its connection.
  pair.loser.close();
  CHECK_FALSE(after_two_readings(observer).contains("locks_cancelled"));
}

TEST_CASE("who reads with neither lock has lost them, too") {
  Pair pair;
  pair.lose();
  pair.loser.step("select x from t");
  Observer observer(pair.path);
  CHECK(after_two_readings(observer).contains("locks_cancelled"));
  CHECK(observer.look().holders.lost_locks->pid == pair.loser.pid());
}

TEST_CASE("who writes in short transactions only is met by samples") {
  Pair pair;
  pair.lose();
  Observer observer(pair.path);
  pair.loser.exec("begin immediate; insert into t values (3)");
  observer.sample();
  pair.loser.exec("commit");
  CHECK(after_two_readings(observer).contains("locks_cancelled"));
  CHECK(observer.look().holders.lost_locks->pid == pair.loser.pid());
  CHECK(observer.look().holders.processes.size() == 2);
  pair.loser.close();
  CHECK_FALSE(after_two_readings(observer).contains("locks_cancelled"));
}

TEST_CASE("who worked lately and closed, or opened anew, has lost nothing") {
  Pair pair;
  Observer observer(pair.path);
  pair.loser.exec("begin immediate; insert into t values (3)");
  observer.sample();
  pair.loser.exec("commit");
  CHECK(after_two_readings(observer) == States{"wal_live"});
  pair.loser.close();
  CHECK(after_two_readings(observer) == States{"wal_live"});
  pair.loser.open(pair.path);
  pair.loser.query("select count(*) from t");
  CHECK(after_two_readings(observer) == States{"wal_live"});
}

TEST_CASE("readers and writers with all their locks have lost none") {
  Pair pair;
  pair.loser.exec("begin immediate; insert into t values (3)");
  pair.other.step("select x from t");
  Observer observer(pair.path);
  CHECK(after_two_readings(observer) == States{"wal_live"});
  CHECK_FALSE(observer.look().holders.lost_locks);
}

}  // namespace
}  // namespace sqlite_exporter::test
