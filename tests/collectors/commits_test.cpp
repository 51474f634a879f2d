/// Who makes it "database is locked" in rollback mode, and who does not.
#include "collectors/commits.h"

#include <chrono>
#include <string>

#include "collectors/commit_watch.h"
#include "tests/support/await.h"
#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/states.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

constexpr const char* kRows =
    "create table t(x); insert into t select i from "
    "(with recursive n(i) as (select 1 union all select i+1 from n limit 20000) select i from n)";

/// An application of its own that waits in its commit, as a busy timeout has it: the others may ask
/// for their answers meanwhile.
void begin_to_wait(SqliteApplication& writer) {
  writer.exec("pragma busy_timeout=0; begin immediate; insert into t values (1)");
  CHECK_THROWS(writer.exec("commit"));  // locked: PENDING stays for as long as it goes on trying
}

CommitWatch::Moment moment(int second, std::optional<LockHolder> shared,
                           std::optional<LockHolder> reserved, bool pending) {
  CommitWatch::Moment moment;
  moment.taken = std::chrono::steady_clock::time_point(std::chrono::seconds(second));
  moment.change_counter = 7;
  moment.locks.shared = shared;
  moment.locks.reserved = reserved;
  if (pending) moment.locks.pending = LockHolder{true, reserved->pid};
  return moment;
}

constexpr LockHolder kReader{false, 10};
constexpr LockHolder kWriter{true, 20};

TEST_CASE("a reader for whose end a commit waits is told, with his age") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication writer(path);
  writer.exec(kRows);
  SqliteApplication reader(path);
  reader.step("select x from t");
  begin_to_wait(writer);
  Observer observer(path);
  states(observer);
  const Look now = observer.look();
  const auto blocker = commit_reader(now);
  REQUIRE(blocker);
  CHECK(blocker->pid == reader.pid());
  CHECK(blocker->seconds < kLongWait);
  CHECK_FALSE(commit_writer(now));
  CHECK(observer.line("sqlite_commit_blocked_seconds").empty());  // ordinary, until it lasts
  observer.pass(std::chrono::seconds(8));
  CHECK(observer.line("sqlite_commit_blocked_seconds")
            .starts_with("sqlite_commit_blocked_seconds{database=\"app\",cause=\"reader\","));
  CHECK(observer.value("sqlite_commit_blocked_pid") == reader.pid());
  reader.finish();
  writer.exec("commit");
  CHECK(observer.line("sqlite_commit_blocked_seconds").empty());
}

TEST_CASE("a write transaction that stays open is told, and one that commits is not") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication writer(path);
  writer.exec(kRows);
  writer.exec("begin immediate; insert into t values (1)");
  Observer observer(path);
  observer.sample();
  observer.pass(std::chrono::seconds(6));
  observer.sample();
  const auto blocker = commit_writer(observer.look());
  REQUIRE(blocker);
  CHECK(blocker->pid == writer.pid());
  CHECK(blocker->seconds >= kLongWait);
  CHECK(observer.line("sqlite_commit_blocked_seconds")
            .starts_with("sqlite_commit_blocked_seconds{database=\"app\",cause=\"writer\","));
  writer.exec("commit; begin immediate; insert into t values (2)");
  CHECK(observer.line("sqlite_commit_blocked_seconds").empty());
}

TEST_CASE("in WAL mode and under exclusive locking nobody is in the way") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  const std::string mode = GENERATE("journal_mode=wal", "locking_mode=exclusive");
  app.exec("pragma " + mode + "; create table t(x); insert into t values (1)");
  Observer observer(path);
  states(observer);
  observer.pass(std::chrono::seconds(30));
  states(observer);
  CHECK(observer.line("sqlite_commit_blocked_seconds").empty());
}

TEST_CASE("a writer that came before the reader is not in his own way") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication writer(path);
  writer.exec(kRows);
  writer.exec("pragma busy_timeout=0; begin immediate; insert into t values (1)");
  SqliteApplication reader(path);
  reader.step("select x from t");
  CHECK_THROWS(writer.exec("commit"));
  Observer observer(path);
  observer.read_locks();
  states(observer);
  const auto blocker = commit_reader(observer.look());
  REQUIRE(blocker);
  CHECK(blocker->pid == reader.pid());
  CHECK_FALSE(commit_writer(observer.look()));
  // Its transaction stays open, and it waits for nobody any more.
  reader.finish();
  observer.read_locks();
  observer.pass(std::chrono::seconds(6));
  states(observer);
  CHECK_FALSE(commit_reader(observer.look()));
  CHECK(commit_writer(observer.look()));
}

TEST_CASE("how long a commit waits counts, and not how long the reader reads") {
  CommitWatch watch;
  for (int second = 0; second < 30; ++second)
    watch.observe(moment(second, kReader, std::nullopt, false));
  CHECK_FALSE(watch.reader());  // nobody is held up by him
  watch.observe(moment(30, kReader, kWriter, true));
  CHECK_FALSE(watch.reader());
  watch.observe(moment(31, LockHolder{false, kWriter.pid}, kWriter, true));
  REQUIRE(watch.reader());  // though the kernel names the writer this time
  CHECK(watch.reader()->pid == kReader.pid);
  CHECK(watch.reader()->since.time_since_epoch() == std::chrono::seconds(30));
  watch.observe(moment(33, kReader, std::nullopt, false));
  CHECK(watch.reader());  // a busy timeout has ended, the next try follows
  watch.observe(moment(35, kReader, std::nullopt, false));
  CHECK_FALSE(watch.reader());  // the writer gave up
  for (int second = 36; second < 600; ++second)
    watch.observe(moment(second, kReader, std::nullopt, false));
  CHECK_FALSE(watch.reader());
}

TEST_CASE("another reader is another wait, and a commit ends it") {
  CommitWatch watch;
  for (int second = 0; second < 3; ++second) watch.observe(moment(second, kReader, kWriter, true));
  CHECK(watch.reader());
  watch.observe(moment(3, LockHolder{false, 30}, kWriter, true));
  CHECK_FALSE(watch.reader());
  watch.observe(moment(4, LockHolder{false, 30}, kWriter, true));
  REQUIRE(watch.reader());
  CHECK(watch.reader()->since.time_since_epoch() == std::chrono::seconds(3));
  CommitWatch::Moment commit = moment(5, LockHolder{false, 30}, kWriter, true);
  commit.change_counter = 8;
  watch.observe(commit);
  CHECK_FALSE(watch.reader());
}

TEST_CASE("readers whose pids cannot be told are nobody in particular") {
  CommitWatch watch;
  const LockHolder writer{true, 0};
  for (int second = 0; second < 9; ++second)
    watch.observe(moment(second, LockHolder{false, 0}, writer, true));
  REQUIRE(watch.reader());  // a commit waits; for whom the list of holders may say
  CHECK(watch.reader()->pid == 0);
}

TEST_CASE("a writer that has begun to write the file waits for nobody") {
  CommitWatch watch;
  for (int second = 0; second < 9; ++second)
    watch.observe(moment(second, LockHolder{true, kWriter.pid}, kWriter, true));
  CHECK_FALSE(watch.reader());
}

}  // namespace
}  // namespace sqlite_exporter::test
