/// The collector `checkpoints` over real checkpoints, failed and blocked ones too.
#include "collectors/checkpoints.h"

#include <filesystem>

#include "collectors/blocked.h"
#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

using std::chrono::seconds;

constexpr const char* kOpen =
    "pragma journal_mode=wal; pragma synchronous=off; pragma wal_autocheckpoint=0";

/// Without the time of the last progress, which is never the same.
std::string text(Observer& observer) {
  std::string text = observer.text({"checkpoints"});
  const auto begin = text.find("sqlite_checkpoint_last_progress_timestamp_seconds");
  if (begin != std::string::npos) text.erase(begin, text.find('\n', begin) + 1 - begin);
  return text;
}

std::string sample(const std::string& name, int value) {
  return std::string(name).append(" ").append(std::to_string(value)).append("\n");
}

std::string expected(int checkpoints, int failures, const std::string& blocked = "") {
  std::string lines;
  if (!blocked.empty())
    lines = sample("sqlite_checkpoint_blocked{database=\"app\",cause=\"" + blocked + "\"}", 1);
  lines.append(sample("sqlite_checkpoint_failures_total{database=\"app\"}", failures));
  return lines.append(sample("sqlite_checkpoints_total{database=\"app\"}", checkpoints));
}

std::string cause(Observer& observer) {
  observer.sample();
  const std::string line = observer.line("sqlite_checkpoint_blocked");
  const auto begin = line.find("cause=\"");
  if (begin == std::string::npos) return "";
  return line.substr(begin + 7, line.rfind('"') - begin - 7);
}

struct Scene {
  Scene() : app(directory / "app.db"), observer(directory / "app.db") {
    app.exec(kOpen);
    app.exec("create table t(x)");
    insert(3);
    observer.sample();
  }
  void insert(int times) {
    for (int i = 0; i < times; ++i) app.exec("insert into t values (randomblob(3000))");
  }

  const TemporaryDirectory directory;
  SqliteApplication app;
  Observer observer;
};

TEST_CASE("a database in rollback mode has no checkpoints") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x)");
  Observer observer(directory / "app.db");
  CHECK(observer.text({"checkpoints"}).empty());
}

TEST_CASE("checkpoints are counted from the first sample on, each kind once") {
  Scene scene;
  CHECK(scene.observer.text({"checkpoints"}) == expected(0, 0));
  int count = 0;
  for (const char* mode :
       {"passive", "full", "restart", "truncate", "truncate", "restart", "restart"}) {
    CAPTURE(mode);
    scene.insert(2);
    scene.app.exec(std::string("pragma wal_checkpoint(") + mode + ")");
    CHECK(text(scene.observer) == expected(++count, 0));
    CHECK(scene.observer.value("sqlite_checkpoint_last_progress_timestamp_seconds") > 0);
  }
  scene.app.exec("pragma wal_checkpoint");
  CHECK(text(scene.observer) == expected(count, 0));
  scene.app.close();
  CHECK(text(scene.observer) == expected(count, 0));
}

TEST_CASE("another process that truncates the WAL makes a checkpoint and a reset each time") {
  Scene scene;
  SqliteApplication replicator(scene.directory / "app.db");
  for (int i = 1; i <= 4; ++i) {
    scene.insert(2);
    replicator.exec("pragma wal_checkpoint(truncate)");
    CHECK(text(scene.observer) == expected(i, 0));
    CHECK(scene.observer.latest().totals.resets == static_cast<std::uint64_t>(i));
  }
}

/// As on a full disk: the database file cannot grow, the WAL already has.
TEST_CASE("a checkpoint that has no room to write fails once") {
  Scene scene;
  const auto size = [&] { return std::filesystem::file_size(scene.directory / "app.db"); };
  scene.app.exec("pragma wal_checkpoint");
  scene.insert(50);
  CHECK(text(scene.observer) == expected(1, 0));
  scene.app.limit_file_size(static_cast<std::int64_t>(size()));
  CHECK_THROWS(scene.app.query("pragma wal_checkpoint"));
  CHECK(text(scene.observer) == expected(1, 0));
  for (int i = 0; i < 5; ++i) CHECK(text(scene.observer) == expected(1, 1));

  SECTION("and again with more frames") {
    scene.app.limit_file_size(-1);
    scene.insert(10);
    CHECK(text(scene.observer) == expected(1, 1));
    scene.app.limit_file_size(static_cast<std::int64_t>(size()));
    CHECK_THROWS(scene.app.query("pragma wal_checkpoint"));
    text(scene.observer);
    for (int i = 0; i < 5; ++i) CHECK(text(scene.observer) == expected(1, 2));
  }
  SECTION("and succeeds when there is room") {
    scene.app.limit_file_size(-1);
    scene.app.query("pragma wal_checkpoint");
    for (int i = 0; i < 5; ++i) CHECK(text(scene.observer) == expected(2, 1));
  }
  SECTION("and is forgotten with a crash and the recovery") {
    scene.app.kill();
    for (int i = 0; i < 3; ++i) scene.observer.sample();
    SqliteApplication next(scene.directory / "app.db");
    next.query("select count(*) from t");
    for (int i = 0; i < 5; ++i) CHECK(text(scene.observer) == expected(1, 1));
  }
}

TEST_CASE("a recovery looks like an attempt, and is no failure") {
  Scene scene;
  scene.app.kill();
  const bool watched = GENERATE(false, true);
  const int commits = GENERATE(1, 10);  // with ten iChange has passed its old value
  CAPTURE(watched, commits);
  if (watched) scene.observer.sample();
  SqliteApplication next(scene.directory / "app.db");
  next.exec("pragma wal_autocheckpoint=0");
  for (int i = 0; i < 3; ++i) {
    for (int commit = 0; commit < commits; ++commit) next.exec("insert into t values (1)");
    CHECK(text(scene.observer) == expected(0, 0));
  }
}

TEST_CASE("an old reader blocks, until it ends") {
  Scene scene;
  SqliteApplication reader(scene.directory / "app.db");
  reader.exec("begin; select count(*) from t");
  CHECK(cause(scene.observer).empty());  // it sees all there is
  scene.insert(2);
  CHECK(text(scene.observer) == expected(0, 0));  // it may be a short one
  CHECK(text(scene.observer) == expected(0, 0, "reader"));
  scene.app.exec("pragma wal_checkpoint");
  CHECK(cause(scene.observer) == "reader");
  reader.exec("commit");
  CHECK(cause(scene.observer).empty());
}

TEST_CASE("short readers block nothing, however many") {
  Scene scene;
  SqliteApplication first(scene.directory / "app.db");
  SqliteApplication second(scene.directory / "app.db");
  first.exec("begin; select count(*) from t");
  for (int i = 0; i < 10; ++i) {  // one always reads, none for longer than one sample
    scene.insert(1);
    second.exec("begin; select count(*) from t");
    scene.insert(1);
    first.exec("commit");
    CHECK(text(scene.observer) == expected(0, 0));
    first.exec("begin; select count(*) from t");
    scene.insert(1);
    second.exec("commit");
    CHECK(text(scene.observer) == expected(0, 0));
  }
}

TEST_CASE("an old reader of the database file alone blocks all") {
  Scene scene;
  scene.app.exec("pragma wal_checkpoint");
  SqliteApplication reader(scene.directory / "app.db");
  reader.exec("begin; select count(*) from t");
  CHECK(cause(scene.observer).empty());
  scene.insert(2);
  CHECK(cause(scene.observer) == "old_reader_on_slot_0");
  reader.exec("commit");
  CHECK(cause(scene.observer).empty());
}

TEST_CASE("a transaction that is open for five seconds blocks, one after the other does not") {
  Scene scene;
  scene.app.exec("begin immediate; insert into t values (1)");
  scene.observer.sample();
  scene.observer.pass(seconds(4));
  CHECK(cause(scene.observer).empty());
  scene.observer.pass(seconds(2));
  CHECK(cause(scene.observer) == "writer");
  scene.app.exec("commit; begin immediate; insert into t values (1)");
  CHECK(cause(scene.observer).empty());
  scene.observer.pass(seconds(6));
  CHECK(cause(scene.observer) == "writer");
  scene.app.exec("rollback");
  CHECK(cause(scene.observer).empty());
}

TEST_CASE("a long transaction that ended after the last sample blocks no more") {
  Scene scene;
  SqliteApplication next(scene.directory / "app.db");
  scene.app.exec("begin immediate");
  scene.observer.sample();
  scene.observer.pass(seconds(6));
  scene.observer.sample();
  const auto writer = static_cast<std::size_t>(BlockedCause::writer);
  CHECK(blocked_causes(scene.observer.look())[writer]);
  scene.app.exec("commit");
  CHECK_FALSE(blocked_causes(scene.observer.look())[writer]);
  next.exec("begin immediate");
  CHECK_FALSE(blocked_causes(scene.observer.look())[writer]);
}

TEST_CASE("ten thousand frames that nobody checkpoints for a minute") {
  Scene scene;
  scene.app.exec("pragma cache_size=-100000");
  scene.app.exec(
      "insert into t select zeroblob(3000) from "
      "(with recursive n(i) as (select 1 union all select i+1 from n limit 10000) "
      "select i from n)");
  CHECK(cause(scene.observer).empty());
  scene.observer.pass(seconds(50));
  CHECK(cause(scene.observer).empty());
  scene.observer.pass(seconds(11));
  CHECK(cause(scene.observer) == "no_checkpointer");
  SECTION("an old reader is a better reason") {
    SqliteApplication reader(scene.directory / "app.db");
    reader.exec("begin; select count(*) from t");
    scene.insert(1);
    CHECK(cause(scene.observer) == "reader");
    scene.observer.pass(seconds(100));
    CHECK(cause(scene.observer) == "reader");
    reader.exec("commit");
    CHECK(cause(scene.observer).empty());  // the minute begins anew
  }
  SECTION("somebody does it") {
    scene.app.exec("pragma wal_checkpoint");
    CHECK(cause(scene.observer).empty());
    scene.observer.pass(seconds(100));
    CHECK(cause(scene.observer).empty());
  }
}

}  // namespace
}  // namespace sqlite_exporter::test
