/// Samples of real databases: counters over every kind of epoch, and descriptors held and let go.
#include "collectors/wal_watch.h"

#include <unistd.h>

#include <filesystem>

#include "tests/support/catch.h"
#include "tests/support/few_descriptors.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

constexpr const char* kWal = "pragma journal_mode=wal; pragma wal_autocheckpoint=0";

void insert(SqliteApplication& app, int times) {
  for (int i = 0; i < times; ++i) app.exec("insert into t values (randomblob(100))");
}

/// Descriptors of this process on files below `directory`.
int descriptors_on(const TemporaryDirectory& directory) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    const std::string target = std::filesystem::read_symlink(entry.path(), ignored).string();
    if (target.starts_with(directory.path().string())) ++count;
  }
  return count;
}

TEST_CASE("every committed transaction is counted, whatever its size") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  Observer observer(directory / "app.db");
  observer.sample();
  insert(app, 100);
  app.exec("begin; insert into t values (1); insert into t values (2); commit");
  app.exec("begin; insert into t values (3); rollback");
  app.exec("begin immediate; commit");
  CHECK(observer.sample().totals.transactions == 101);
}

TEST_CASE("resets and frames agree with the checkpoints of the application") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  Observer observer(directory / "app.db");
  observer.sample();
  std::uint64_t frames = 0;
  int before = std::stoi(app.query("pragma wal_checkpoint").substr(2));
  for (int generation = 0; generation < 5; ++generation) {
    insert(app, 20 + generation);
    const std::string answer = app.query("pragma wal_checkpoint");  // busy|log|checkpointed
    const int log = std::stoi(answer.substr(2));
    frames += static_cast<std::uint64_t>(log - before);
    app.exec("pragma wal_checkpoint(restart)");
    before = 0;
  }
  // RESTART resets at once, so each of the five happened; the first look after saw them all.
  const WalTotals& totals = observer.sample().totals;
  CHECK(totals.resets == 5);
  CHECK(totals.transactions == 20 + 21 + 22 + 23 + 24);
  // Of five generations only the first and the present one were seen.
  CHECK(totals.frames_written > 0);
  CHECK(totals.frames_written <= frames);
  CHECK(totals.unseen_generations == 4);
}

TEST_CASE("frames are exact with one reset between two samples") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  Observer observer(directory / "app.db");
  observer.sample();
  // The first commit after a complete checkpoint starts the WAL over, so each answer of the
  // application's checkpoint (busy|log|checkpointed) is the length of one whole generation.
  const auto generation = [&] { return std::stoi(app.query("pragma wal_checkpoint").substr(2)); };
  generation();
  int frames = 0;
  for (int round = 0; round < 6; ++round) {
    insert(app, 30);
    observer.sample();
    insert(app, 30);  // seen only in what the reset leaves of them
    frames += generation();
    app.exec("insert into t values (1)");
    observer.sample();
  }
  frames += generation();
  const WalTotals& totals = observer.sample().totals;
  CHECK(totals.resets == 7);  // the first round began with one too
  CHECK(totals.unseen_generations == 0);
  CHECK(totals.frames_written == static_cast<std::uint64_t>(frames));
}

TEST_CASE("counters go on over the last close") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  Observer observer(directory / "app.db");
  observer.sample();
  insert(app, 3);
  app.close();
  CHECK(observer.sample().totals.transactions == 3);  // out of the -shm that is gone
  app.open(directory / "app.db");
  insert(app, 4);
  CHECK(observer.sample().totals.transactions == 7);
}

TEST_CASE("counters go on over a crash and the recovery") {
  const TemporaryDirectory directory;
  Observer observer(directory / "app.db");
  {
    SqliteApplication app(directory / "app.db");
    app.exec(kWal);
    app.exec("create table t(x)");
    observer.sample();
    insert(app, 5);
    app.kill();
  }
  CHECK(observer.sample().totals.transactions == 5);
  SqliteApplication app(directory / "app.db");
  app.query("select count(*) from t");
  CHECK(observer.sample().totals.transactions == 5);
  insert(app, 2);
  CHECK(observer.sample().totals.transactions == 7);
}

TEST_CASE("VACUUM is one transaction") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  insert(app, 50);
  Observer observer(directory / "app.db");
  observer.sample();
  app.exec("vacuum");
  CHECK(observer.sample().totals.transactions == 1);
}

TEST_CASE("an observer that starts over starts at 0") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  insert(app, 50);
  Observer restarted(directory / "app.db");
  CHECK(restarted.sample().totals == WalTotals{});
  insert(app, 1);
  CHECK(restarted.sample().totals.transactions == 1);
}

TEST_CASE("descriptors are held while somebody is attached and let go at the last close") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  Observer observer(directory / "app.db");
  CHECK(observer.sample().attached);
  CHECK(descriptors_on(directory) == 2);
  app.close();
  CHECK_FALSE(std::filesystem::exists(directory / "app.db-wal"));
  CHECK_FALSE(observer.sample().attached);
  CHECK(descriptors_on(directory) == 0);
}

TEST_CASE("a rollback database and a crashed one hold no descriptor") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x)");
  Observer observer(directory / "app.db");
  observer.text();
  CHECK(descriptors_on(directory) == 0);
  app.exec("pragma journal_mode=wal; insert into t values (1)");
  observer.text();
  CHECK(descriptors_on(directory) == 2);
  app.kill();
  observer.text();
  CHECK(descriptors_on(directory) == 0);
}

TEST_CASE("the descriptors of a replaced file are kept until its application lets go") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  Observer observer(directory / "app.db");
  observer.sample();
  std::filesystem::copy_file(directory / "app.db", directory / "new.db");
  std::filesystem::rename(directory / "new.db", directory / "app.db");
  observer.pass(std::chrono::seconds(1));  // the path is compared once a second
  observer.sample();
  CHECK(descriptors_on(directory) == 4);
  app.kill();
  observer.sample();
  CHECK(descriptors_on(directory) == 0);
}

TEST_CASE("a symbolic link that changes moves the watch, and counters go on") {
  const TemporaryDirectory directory;
  SqliteApplication first(directory / "a.db");
  first.exec(kWal);
  first.exec("create table t(x)");
  WalWatch watch(directory / "a.db");
  REQUIRE(watch.take(SampleInstant{}));
  insert(first, 2);
  REQUIRE(watch.take(SampleInstant{}));
  CHECK(watch.latest().totals.transactions == 2);
  SqliteApplication second(directory / "b.db");
  second.exec(kWal);
  second.exec("create table t(x)");
  insert(second, 40);
  watch.set_path(directory / "b.db");
  REQUIRE(watch.take(SampleInstant{}));
  CHECK(watch.latest().totals.transactions == 2);
  insert(second, 3);
  REQUIRE(watch.take(SampleInstant{}));
  CHECK(watch.latest().totals.transactions == 5);
}

SampleInstant instant(bool may_keep_files) {
  return {1e9, std::chrono::steady_clock::now(), std::chrono::milliseconds(100), 0, may_keep_files};
}

TEST_CASE("where descriptors are scarce nothing stays open, and all is counted the same") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  WalWatch watch(directory / "app.db");
  REQUIRE(watch.take(instant(true)));
  CHECK(descriptors_on(directory) == 2);
  for (int round = 0; round < 3; ++round) {
    insert(app, 5);
    REQUIRE(watch.take(instant(false)));
    CHECK(descriptors_on(directory) == 0);
    CHECK(watch.latest().attached);
    CHECK(watch.latest().opened_each_time);
  }
  insert(app, 5);
  REQUIRE(watch.take(instant(true)));
  CHECK(descriptors_on(directory) == 2);
  CHECK_FALSE(watch.latest().opened_each_time);
  CHECK(watch.latest().totals.transactions == 20);
}

TEST_CASE("descriptors are kept while there is room for those of looks beside them") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  const int next = ::dup(0);
  ::close(next);
  bool kept = false;
  bool opened = false;
  for (rlim_t limit = static_cast<rlim_t>(next) + 16; !kept; ++limit) {
    const FewDescriptors few(limit);
    WalWatch watch(directory / "app.db");
    const Result<void> taken = watch.take(instant(true));
    CHECK((taken || taken.error().code == Errc::limit));
    kept = watch.latest().held != nullptr;
    opened = opened || (watch.latest().attached && watch.latest().opened_each_time);
    if (kept) CHECK(limit > static_cast<rlim_t>(next) + 16 + 20);
    REQUIRE(limit < static_cast<rlim_t>(next) + 100);
  }
  CHECK(opened);
}

TEST_CASE("the last descriptor that is given back still says whether its file was replaced") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  WalWatch watch(directory / "app.db");
  REQUIRE(watch.take(instant(true)));
  for (const char* end : {"", "-wal", "-shm"})
    std::filesystem::rename(directory / "app.db" + end, directory / "old.db" + end);
  REQUIRE(watch.take(instant(false)));
  CHECK(watch.latest().orphaned);
}

}  // namespace
}  // namespace sqlite_exporter::test
