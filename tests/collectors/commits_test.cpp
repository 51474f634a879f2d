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

/// A database in rollback mode, and two applications that have it open.
struct Two {
  TemporaryDirectory directory;
  std::string path = directory / "app.db";
  SqliteApplication writer{path};
  SqliteApplication reader{path};

  explicit Two(const std::string& before = "") { writer.exec(before + kRows); }
};

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

/// A transaction began a journal since the sample before, and is over.
CommitWatch::Moment refused(int second, std::optional<LockHolder> shared) {
  CommitWatch::Moment refused = moment(second, shared, std::nullopt, false);
  refused.journal_begun = true;
  return refused;
}

constexpr LockHolder kReader{false, 10};
constexpr LockHolder kWriter{true, 20};

TEST_CASE("a reader for whose end a commit waits is told, with his age") {
  Two applications;
  auto& [directory, path, writer, reader] = applications;
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
  Two applications;
  auto& [directory, path, writer, reader] = applications;
  writer.exec("pragma busy_timeout=0; begin immediate; insert into t values (1)");
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
  watch.observe(moment(38, kReader, std::nullopt, false));
  CHECK_FALSE(watch.reader());  // the writer gave up
  for (int second = 39; second < 600; ++second)
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

TEST_CASE("a writer that waits now and then is kept out in between") {
  CommitWatch watch;
  for (int second = 0; second < 120; ++second) {
    const bool waits = second % 10 < 2;
    watch.observe(moment(second, kReader, waits ? std::optional(kWriter) : std::nullopt, waits));
    if (second >= 10) {
      REQUIRE(watch.reader());
      CHECK(watch.reader()->pid == kReader.pid);
      CHECK(watch.reader()->since.time_since_epoch() == std::chrono::seconds(0));
    }
  }
  for (int second = 120; second < 1000; ++second)
    watch.observe(moment(second, kReader, std::nullopt, false));
  CHECK_FALSE(watch.reader());  // nobody has tried for long
  for (int second = 1000; second < 1002; ++second)
    watch.observe(moment(second, kReader, kWriter, true));
  REQUIRE(watch.reader());  // he is still in the way, and nobody has committed since
  CHECK(watch.reader()->since.time_since_epoch() == std::chrono::seconds(0));
  watch.observe(moment(1003, std::nullopt, std::nullopt, false));
  CHECK_FALSE(watch.reader());
}

TEST_CASE("a writer that is refused at once is seen by its journals") {
  CommitWatch watch;
  watch.observe(moment(0, kReader, std::nullopt, false));
  for (int second = 1; second <= 5; ++second) {
    watch.observe(refused(second, kReader));
    CHECK_FALSE(watch.reader());
  }
  watch.observe(moment(6, kReader, std::nullopt, false));
  REQUIRE(watch.reader());
  CHECK(watch.reader()->pid == kReader.pid);
  CHECK(watch.reader()->since.time_since_epoch() == std::chrono::seconds(2));
  CommitWatch::Moment commit = refused(7, kReader);
  commit.change_counter = 8;
  watch.observe(commit);
  CHECK_FALSE(watch.reader());
  CHECK(watch.suspicion() == CommitSuspicion::none);
}

TEST_CASE("a transaction that is open has not failed") {
  CommitWatch watch;
  watch.observe(moment(0, kReader, std::nullopt, false));
  for (int second = 1; second < 600; ++second) {
    CommitWatch::Moment open = moment(second, kReader, kWriter, false);
    open.journal_begun = second == 1;
    watch.observe(open);
    CHECK(watch.suspicion() != CommitSuspicion::held_up);
  }
}

TEST_CASE("one transaction that is refused is no incident") {
  CommitWatch watch;
  watch.observe(moment(0, kReader, std::nullopt, false));
  watch.observe(refused(1, kReader));
  for (int second = 2; second < 600; ++second) {
    watch.observe(moment(second, kReader, std::nullopt, false));
    CHECK_FALSE(watch.reader());
  }
}

TEST_CASE("readers of several processes in turn are none that stays") {
  CommitWatch watch;
  for (int second = 0; second < 600; ++second) {
    watch.observe(refused(second, LockHolder{false, 10 + second / 4}));
    CHECK_FALSE(watch.reader());
  }
}

TEST_CASE("who read before it waited itself is not accused in place of another") {
  CommitWatch watch;
  for (int second = 0; second < 5; ++second)
    watch.observe(moment(second, LockHolder{false, kWriter.pid}, std::nullopt, false));
  for (int second = 5; second < 9; ++second)
    watch.observe(moment(second, LockHolder{false, kWriter.pid}, kWriter, true));
  REQUIRE(watch.reader());
  CHECK(watch.reader()->pid == 0);
}

TEST_CASE("a process is in the way of its own commits if it goes on reading after they failed") {
  CommitWatch watch;
  const LockHolder own{false, kWriter.pid};
  for (int second = 0; second < 60; ++second) {
    const bool waits = second % 10 < 2;
    watch.observe(moment(second, own, waits ? std::optional(kWriter) : std::nullopt, waits));
    if (second >= 12) {
      REQUIRE(watch.reader());
      CHECK(watch.reader()->pid == kWriter.pid);
    }
  }
}

TEST_CASE("where the change counter cannot be read no transaction is said to have failed") {
  CommitWatch watch;
  for (int second = 0; second < 60; ++second) {
    CommitWatch::Moment moment = refused(second, kReader);
    moment.change_counter.reset();
    watch.observe(moment);
    CHECK_FALSE(watch.reader());
  }
}

TEST_CASE("commits that give up at once on a reader tell him, in every mode with a journal") {
  const auto mode = GENERATE(std::string("delete"), "truncate", "persist");
  Two applications("pragma journal_mode=" + mode + "; ");
  auto& [directory, path, writer, reader] = applications;
  writer.exec("pragma busy_timeout=0");
  reader.step("select x from t");
  Observer observer(path);
  for (int i = 0; i < 4; ++i) observer.sample();
  observer.pass(std::chrono::hours(1));  // a long report, of which nobody suffers
  CHECK(observer.line("sqlite_commit_blocked_seconds").empty());
  const auto give_up = [&] {
    CHECK_THROWS(writer.exec("insert into t values (1)"));
    observer.sample();
    observer.sample();
  };
  for (int i = 0; i < 4; ++i) give_up();
  CHECK_FALSE(observer.latest().waited_for_reader);
  give_up();
  CHECK(observer.latest().waited_for_reader);
  CHECK(observer.line("sqlite_commit_blocked_seconds").empty());  // ordinary, until it lasts
  observer.pass(std::chrono::seconds(6));
  give_up();
  CHECK(observer.value("sqlite_commit_blocked_pid") == reader.pid());
  CHECK(observer.value("sqlite_commit_blocked_seconds") < 60);  // not since he reads
  reader.finish();
  writer.exec("insert into t values (1)");
  CHECK(observer.line("sqlite_commit_blocked_seconds").empty());
}

TEST_CASE("a process that has forgotten a reader of its own is told") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec(kRows);
  app.exec("pragma busy_timeout=0; attach '" + path + "' as other");
  app.step("select x from other.t");
  Observer observer(path);
  for (int i = 0; i < 4; ++i) observer.sample();
  for (int i = 0; i < 6; ++i) {
    CHECK_THROWS(app.exec("insert into main.t values (1)"));
    observer.sample();
    observer.sample();
    observer.pass(std::chrono::seconds(2));
  }
  CHECK(observer.value("sqlite_commit_blocked_pid") == app.pid());
  app.finish();
  app.exec("insert into main.t values (1)");
  CHECK(observer.line("sqlite_commit_blocked_seconds").empty());
}

TEST_CASE("transactions that write nothing tell nothing of a reader") {
  Two applications;
  auto& [directory, path, writer, reader] = applications;
  reader.step("select x from t");
  Observer observer(path);
  for (int i = 0; i < 20; ++i) {
    writer.exec("begin immediate");
    observer.sample();
    writer.exec("rollback");
    observer.sample();
    observer.pass(std::chrono::seconds(3));
  }
  CHECK(observer.latest().commit_suspicion == CommitSuspicion::reader);
  CHECK(observer.line("sqlite_commit_blocked_seconds").empty());
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
