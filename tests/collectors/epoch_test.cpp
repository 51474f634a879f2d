/// Counters and states over every kind of end that the life of a database can come to.
///
/// Transactions are compared with what the applications committed. Where an epoch ends between two
/// looks, what is missing is said: counters are lower bounds there, and never run backwards.
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

constexpr const char* kWal =
    "pragma journal_mode=wal; pragma synchronous=off; pragma wal_autocheckpoint=0";

/// A database, the applications that come and go, and the observer of it all.
struct Life {
  Life() : path(directory / "app.db"), observer(path) {}

  void open_wal() {
    app.open(path);
    app.exec(kWal);
  }
  /// A database of its own elsewhere, closed, with `rows` transactions behind it.
  std::string prepared(const std::string& mode, int rows) {
    std::string other = directory / "other.db";
    SqliteApplication maker(other);
    maker.exec("pragma journal_mode=" + mode + "; create table t(x)");
    for (int i = 0; i < rows; ++i) maker.exec("insert into t values (1)");
    return other;
  }
  /// In WAL mode each is one transaction, in rollback mode too.
  void insert(int times) {
    for (int i = 0; i < times; ++i) app.exec("insert into t values (randomblob(100))");
  }
  void crash() {
    app.kill();
    std::destroy_at(&app);
    std::construct_at(&app);
  }
  /// Of the sample and look that it takes; checks that no counter ran backwards.
  std::uint64_t transactions() {
    const Sample& sample = observer.sample();
    const Look look = observer.look();
    const std::uint64_t sum = sample.totals.transactions + look.rollback_transactions;
    CHECK(sum >= last_transactions);
    CHECK(sample.totals.resets >= last.resets);
    CHECK(sample.totals.frames_written >= last.frames_written);
    CHECK(sample.totals.unseen_generations >= last.unseen_generations);
    last_transactions = sum;
    last = sample.totals;
    return sum;
  }
  /// What two looks agree on.
  States states() {
    transactions();
    transactions();
    return names_of(observer.look().states);
  }

  const TemporaryDirectory directory;
  const std::string path;
  SqliteApplication app;
  Observer observer;
  WalTotals last;
  std::uint64_t last_transactions = 0;
};

TEST_CASE("epoch: all files removed, and created anew") {
  Life life;
  life.open_wal();
  life.app.exec("create table t(x)");
  CHECK(life.transactions() == 0);
  life.insert(5);
  const bool watched = GENERATE(true, false);
  CAPTURE(watched);
  if (watched) CHECK(life.transactions() == 5);
  const bool crashed = GENERATE(true, false);
  CAPTURE(crashed);
  if (crashed) {
    life.crash();
  } else {
    life.app.close();
  }
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(life.path + suffix);
  if (watched) CHECK(life.states() == States{"absent"});
  life.open_wal();
  life.app.exec("create table t(x)");
  life.insert(7);
  CHECK(life.transactions() == 5 + 1 + 7);  // what was unlinked could still be read
  CHECK(life.states() == States{"wal_live"});
}

TEST_CASE("epoch: another file renamed over it") {
  Life life;
  const std::string mode = GENERATE("wal", "delete");
  CAPTURE(mode);
  life.app.open(life.path);
  life.app.exec("pragma journal_mode=" + mode + "; create table t(x)");
  life.transactions();
  life.insert(5);
  CHECK(life.transactions() == 5);
  life.app.close();
  fs::rename(life.prepared(mode, 100), life.path);
  CHECK(life.transactions() == 5);  // those of the other file were not made here
  CHECK(life.states() == States{mode == "wal" ? "wal_clean" : "rollback_idle"});
  life.app.open(life.path);
  life.insert(7);
  CHECK(life.transactions() == 5 + 7);
}

TEST_CASE("epoch: another file renamed over it under a live application") {
  Life life;
  life.open_wal();
  life.app.exec("create table t(x)");
  CHECK(life.transactions() == 0);
  life.insert(5);
  CHECK(life.transactions() == 5);
  fs::rename(life.prepared("wal", 100), life.path);
  fs::remove(life.path + "-wal");
  fs::remove(life.path + "-shm");
  life.observer.pass(std::chrono::seconds(1));  // the path is compared once a second
  life.transactions();
  CHECK(life.states() == States{"orphaned", "wal_clean"});
  SqliteApplication next(life.path);
  next.exec("insert into t values (1)");
  CHECK(life.transactions() == 5 + 1);
  CHECK(life.states() == States{"orphaned", "wal_live"});
  life.crash();
  next.exec("insert into t values (1)");
  CHECK(life.transactions() == 5 + 2);
  CHECK(life.states() == States{"wal_live"});
}

TEST_CASE("epoch: truncated to nothing, and filled anew") {
  Life life;
  const std::string mode = GENERATE("wal", "delete");
  CAPTURE(mode);
  life.app.open(life.path);
  life.app.exec("pragma journal_mode=" + mode + "; create table t(x)");
  life.transactions();
  life.insert(5);
  CHECK(life.transactions() == 5);
  life.app.close();
  fs::resize_file(life.path, 0);
  CHECK(life.states() == States{"empty"});
  life.app.open(life.path);
  life.app.exec("pragma journal_mode=" + mode + "; create table t(x)");
  const std::uint64_t created = life.transactions();  // in rollback mode a baseline
  life.insert(7);
  CHECK(life.transactions() == created + 7);
  CHECK(created <= 5 + 1);
  CHECK(life.states() == States{mode == "wal" ? "wal_live" : "rollback_idle"});
}

TEST_CASE("epoch: last close and reopen, between two samples") {
  Life life;
  life.open_wal();
  life.app.exec("create table t(x)");
  CHECK(life.transactions() == 0);
  life.insert(5);
  life.app.close();
  life.open_wal();
  life.insert(50);
  CHECK(life.transactions() == 55);
  CHECK(life.states() == States{"wal_live"});
}

TEST_CASE("epoch: crash and recovery") {
  Life life;
  life.open_wal();
  life.app.exec("create table t(x)");
  CHECK(life.transactions() == 0);
  life.insert(5);
  CHECK(life.transactions() == 5);
  life.crash();
  SECTION("seen") {
    CHECK(life.states() == States{"wal_unrecovered"});
    life.open_wal();
    life.insert(50);
    CHECK(life.transactions() == 55);
  }
  SECTION("between two samples") {
    life.open_wal();
    const int inserts = GENERATE(3, 50);
    CAPTURE(inserts);
    life.insert(inserts);
    // Where iChange has passed its old value the recovery cannot be told from a continuation.
    CHECK(life.transactions() <= 5U + static_cast<unsigned>(inserts));
    CHECK(life.transactions() >= 5U + 3U);
  }
  SECTION("and the wal-index is removed, then made anew") {
    fs::remove(life.path + "-shm");
    CHECK(life.states() == States{"wal_unrecovered"});
    life.open_wal();
    life.insert(7);
    CHECK(life.transactions() == 12);
  }
  CHECK(life.states() == States{"wal_live"});
}

/// A recovery forgets how far checkpoints had come. nBackfill goes back in one generation, which
/// nothing else brings about.
TEST_CASE("epoch: crash and recovery of a checkpointed WAL, between two samples") {
  Life life;
  life.open_wal();
  life.app.exec("create table t(x)");
  life.insert(5);
  life.app.exec("pragma wal_checkpoint");
  CHECK(life.transactions() == 0);
  life.crash();
  life.open_wal();
  life.insert(20);  // iChange has passed its old value
  CHECK(life.transactions() == 20);
  for (int i = 0; i < 3; ++i) life.transactions();
  CHECK(life.observer.latest().checkpoints.failures == 0);
}

TEST_CASE("epoch: VACUUM") {
  Life life;
  const std::string mode = GENERATE("wal", "delete");
  CAPTURE(mode);
  life.app.open(life.path);
  life.app.exec("pragma journal_mode=" + mode + "; create table t(x)");
  life.insert(200);
  life.app.exec("delete from t");
  life.transactions();
  CHECK(life.observer.value("sqlite_database_freelist_pages") > 0);
  life.app.exec("vacuum");
  CHECK(life.transactions() == 1);
  CHECK(life.observer.value("sqlite_database_freelist_pages") == 0);
  CHECK(life.observer.value("sqlite_database_pages") ==
        std::stod(life.app.query("pragma page_count")));
  life.insert(3);
  CHECK(life.transactions() == 4);
}

TEST_CASE("epoch: journal mode from WAL to DELETE and back") {
  Life life;
  life.open_wal();
  life.app.exec("create table t(x)");
  CHECK(life.transactions() == 0);
  std::uint64_t committed = 0;
  for (int round = 0; round < 3; ++round) {
    life.insert(3);
    committed += 3;
    CHECK(life.transactions() == committed);
    life.app.exec("pragma journal_mode=delete");
    CHECK(life.states() == States{"rollback_idle"});
    life.insert(4);
    committed += 4;
    CHECK(life.transactions() == committed);
    life.app.exec("pragma journal_mode=wal");
    life.app.query("select count(*) from t");
    CHECK(life.states() == States{"wal_live"});
  }
  CHECK(life.observer.value("sqlite_transactions_total") == static_cast<double>(committed));
}

TEST_CASE("epoch: another page size") {
  Life life;
  life.open_wal();
  life.app.exec("create table t(x)");
  CHECK(life.transactions() == 0);
  life.insert(3);
  const int page_size = GENERATE(512, 8192, 65536);
  CAPTURE(page_size);
  life.app.exec("pragma journal_mode=delete; pragma page_size=" + std::to_string(page_size) +
                "; vacuum");
  CHECK(life.states() == States{"rollback_idle"});
  CHECK(life.observer.value("sqlite_database_page_size_bytes") == page_size);
  const std::uint64_t before = life.transactions();
  CHECK(before == 3);
  life.open_wal();
  life.insert(4);
  CHECK(life.transactions() == before + 4);
  CHECK(life.observer.value("sqlite_database_page_size_bytes") == page_size);
  CHECK(life.observer.value("sqlite_database_pages") ==
        std::stod(life.app.query("pragma page_count")));
  CHECK(life.states() == States{"wal_live"});

  // Frames of a generation that ended unseen are found by their size.
  const auto log = [&] { return std::stoul(life.app.query("pragma wal_checkpoint").substr(2)); };
  log();
  life.insert(1);
  const std::uint64_t frames = (life.transactions(), life.last.frames_written);
  const std::uint64_t here = log();
  life.insert(1);
  life.transactions();
  life.insert(30);
  const std::uint64_t whole = log();
  life.insert(1);
  life.transactions();
  CHECK(life.last.frames_written == frames + whole + log());
  CHECK(here > 0);
}

TEST_CASE("epoch: restored from a copy") {
  Life life;
  const std::string mode = GENERATE("wal", "delete");
  CAPTURE(mode);
  life.app.open(life.path);
  life.app.exec("pragma journal_mode=" + mode + "; create table t(x)");
  life.app.close();
  fs::copy_file(life.path, life.directory / "backup.db");
  life.app.open(life.path);
  life.app.query("select count(*) from t");
  life.transactions();
  life.insert(10);
  CHECK(life.transactions() == 10);
  life.app.close();
  life.transactions();
  fs::copy_file(life.directory / "backup.db", life.path, fs::copy_options::overwrite_existing);
  CHECK(life.transactions() == 10);
  life.app.open(life.path);
  life.insert(3);
  CHECK(life.transactions() == 13);
  CHECK(life.states() == States{mode == "wal" ? "wal_live" : "rollback_idle"});
}

TEST_CASE("epoch: our own restart") {
  Life life;
  life.open_wal();
  life.app.exec("create table t(x)");
  life.insert(9);
  life.app.exec("pragma wal_checkpoint");
  Observer before(life.path);
  before.sample();
  life.insert(4);
  CHECK(before.sample().totals.transactions == 4);
  Observer restarted(life.path);
  CHECK(restarted.sample().totals == WalTotals{});
  CHECK(restarted.latest().checkpoints.checkpoints == 0);
  CHECK(restarted.value("sqlite_transactions_total") == 0);
  life.insert(4);
  CHECK(restarted.sample().totals.transactions == 4);
  CHECK(before.sample().totals.transactions == 8);
}

}  // namespace
}  // namespace sqlite_exporter::test
