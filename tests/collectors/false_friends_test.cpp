/// False friends: scenes in which nobody must be accused, and nothing hidden.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>

#include "collectors/attribution.h"
#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/states.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

namespace fs = std::filesystem;
constexpr const char* kWal = "pragma journal_mode=wal; pragma wal_autocheckpoint=0";

void insert(SqliteApplication& app, int count) {
  for (int i = 0; i < count; ++i) app.exec("insert into t values (1)");
}

TEST_CASE("a folder that is moved away and back orphans nothing, and its commits count once") {
  const TemporaryDirectory directory;
  const std::string path = directory / "d/app.db";
  fs::create_directory(directory / "d");
  SqliteApplication app(path);
  app.exec(kWal);
  app.exec("create table t(x)");
  insert(app, 100);
  Observer observer(path);
  CHECK(states(observer) == States{"wal_live"});
  fs::rename(directory / "d", directory / "e");
  observer.pass(std::chrono::seconds(1));
  CHECK(states(observer) == States{"absent", "orphaned"});
  fs::rename(directory / "e", directory / "d");
  observer.pass(std::chrono::seconds(1));
  insert(app, 1);
  CHECK(states(observer) == States{"wal_live"});
  CHECK(observer.latest().totals.transactions == 1);
}

TEST_CASE("a file that is moved away and back orphans nothing") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec(kWal);
  app.exec("create table t(x)");
  Observer observer(path);
  CHECK(states(observer) == States{"wal_live"});
  fs::rename(path, path + ".moved");
  observer.pass(std::chrono::seconds(1));
  observer.sample();
  fs::rename(path + ".moved", path);
  observer.pass(std::chrono::seconds(1));
  CHECK(states(observer) == States{"wal_live"});
}

TEST_CASE("frames that were checkpointed since are not unrecovered") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  {
    SqliteApplication app(path);
    app.exec(kWal);
    app.exec("create table t(x); insert into t values (1)");
    app.config("no_ckpt_on_close", true);
    app.close();
  }
  Observer observer(path);
  CHECK(states(observer) == States{"wal_unrecovered"});
  SqliteApplication next(path);
  next.config("no_ckpt_on_close", true);
  next.config("persist_wal", true);
  next.exec("pragma wal_checkpoint");
  CHECK(states(observer) == States{"wal_live"});
  next.close();
  CHECK(states(observer) == States{"wal_clean"});
  Observer fresh(path);
  CHECK(states(fresh) == States{"wal_clean"});
}

TEST_CASE("a database that somebody holds SHARED on is not without an opener") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x); insert into t values (1)");
  Observer observer(directory / "app.db");
  CHECK(states(observer) == States{"wal_live"});
  app.read_file(directory / "app.db-shm");
  CHECK_FALSE(states(observer).contains("wal_unrecovered"));
}

TEST_CASE("short-lived applications of growing work hold locks that can be seen") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  Observer observer(path);
  const auto run = [&](int count, bool keep) {
    SqliteApplication app(path);
    app.exec(kWal);
    app.exec("create table if not exists t(x)");
    app.config("persist_wal", keep);
    insert(app, count);
    app.close();
  };
  for (int count = 1; count < 6; ++count) {
    run(count, true);
    observer.sample();
  }
  CHECK(states(observer) == States{"wal_clean"});
  run(10, false);  // a clean close: no -wal, no -shm
  observer.sample();
  REQUIRE_FALSE(fs::exists(path + "-shm"));
  CHECK(states(observer) == States{"wal_clean"});
  SqliteApplication last(path);
  last.exec("pragma journal_mode=delete");
  observer.sample();
  CHECK(states(observer) == States{"rollback_idle"});
  last.step("select x from t");
  CHECK(states(observer) == States{"rollback_active"});
}

TEST_CASE("a newcomer now and one an hour later are no limit of the filesystem") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x); insert into t values (1), (2)");
  Observer observer(directory / "app.db");
  const auto filesystem = static_cast<std::size_t>(AttributionLimit::filesystem);
  for (int i = 0; i < 2; ++i) {
    observer.read_locks();
    observer.sample();
    CHECK_FALSE(observer.look().holders.limits[filesystem]);
    app.step("select x from t");  // after the table was read
    observer.sample();
    CHECK_FALSE(observer.look().holders.limits[filesystem]);
    app.finish();
  }
}

TEST_CASE("a wal-index older than its WAL, as a power cut leaves it, hides no frames") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec(kWal);
  app.exec("create table t(x); insert into t values (1), (2)");
  SqliteApplication reader(path);
  reader.step("select x from t");  // so that the WAL is not started over
  app.exec("pragma wal_checkpoint");
  fs::copy_file(path + "-shm", path + "-old");
  insert(app, 20);
  reader.kill();
  app.kill();
  fs::copy_file(path + "-old", path + "-shm", fs::copy_options::overwrite_existing);
  Observer observer(path);
  CHECK(states(observer) == States{"wal_unrecovered"});
  SqliteApplication next(path);
  CHECK(next.query("select count(*) from t") == "22");
}

TEST_CASE("a reader of a read-only wal-index lost nothing") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  {
    SqliteApplication app(path);
    app.exec(kWal);
    app.exec("create table t(x); insert into t values (1)");
    app.kill();
  }
  SqliteApplication sidecar("file:" + path + "?mode=ro&readonly_shm=1");
  CHECK(sidecar.query("select count(*) from t") == "1");
  SqliteApplication app(path);
  insert(app, 1);
  Observer observer(path);
  for (int i = 0; i < 3; ++i) {
    observer.read_locks();
    observer.sample();
    observer.look();
  }
  CHECK(states(observer) == States{"wal_live"});
}

TEST_CASE("without locks of the kernel the journal of a transaction is not hot") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app("file:" + path + "?vfs=unix-dotfile");
  app.exec("create table t(x)");
  Observer observer(path);
  int hot = 0;
  for (int i = 0; i < 5; ++i) {
    app.exec(
        "pragma cache_size=1; begin; insert into t select randomblob(3000) from "
        "(with recursive n(i) as (select 1 union all select i+1 from n limit 200) select i from "
        "n)");
    observer.sample();
    hot += observer.look().states.contains(DatabaseState::hot_journal) ? 1 : 0;
    app.exec("commit");
  }
  CHECK(hot == 0);
}

TEST_CASE("of equal inodes on two filesystems the holders are told apart") {
  const pid_t reader = ::getppid();
  const pid_t server = ::getpid();
  LockEvidence evidence;
  evidence.database = {makedev(8, 1), 12};
  evidence.shm = FileIdentity{makedev(8, 1), 13};
  evidence.dead_mans_switch = LockHolder{false, server};
  evidence.database_locks.shared = LockHolder{false, server};
  evidence.wal_locks.read[1] = LockHolder{false, reader};
  const auto line = [](int pid, const char* file, const std::string& range) {
    return "1: POSIX  ADVISORY  READ " + std::to_string(pid) + " " + file + " " + range + "\n";
  };
  const std::string shared = "1073741826 1073742335";
  auto locks = std::make_shared<LockHolders>();
  locks->table = LockTable::parse(
      line(server, "08:01:12", shared) + line(server, "08:01:13", "128 128") +
      line(server, "08:02:12", shared) + line(server, "08:02:13", "124 124") +  // another database
      line(reader, "08:01:12", shared) + line(reader, "08:01:13", "124 124") +
      line(reader, "08:01:13", "128 128"));
  locks->processes[server] = {};
  locks->processes[reader] = {};
  Node node;
  node.locks = locks;
  AttributionState state;
  const Holders holders = attribute(evidence, node, state);
  for (const auto& holder : holders.processes)
    if (holder.pid == server) CHECK_FALSE(holder.listed_reads[1]);
}

TEST_CASE("a listed process that procfs hides may be another holder") {
  LockEvidence evidence;
  evidence.database = {makedev(8, 1), 12};
  evidence.database_locks.shared = LockHolder{false, ::getpid()};
  auto locks = std::make_shared<LockHolders>();
  locks->table = LockTable::parse("1: POSIX  ADVISORY  READ " + std::to_string(::getpid()) +
                                  " 08:01:12 1073741826 1073742335\n"
                                  "2: POSIX  ADVISORY  READ 1 08:01:12 1073741826 1073742335\n");
  locks->processes[::getpid()] = {};  // of pid 1 nothing could be read (hidepid)
  Node node;
  node.locks = locks;
  AttributionState state;
  CHECK_FALSE(attribute(evidence, node, state).complete);
}

TEST_CASE("a lock table of long ago is not served as new") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec(kWal);
  app.exec("create table t(x)");
  Observer observer(path);
  {
    SqliteApplication other(path);
    other.query("select count(*) from t");
    observer.read_locks();
    observer.sample();
    CHECK(observer.value("sqlite_holder_processes") == 2);
  }
  auto old = std::make_shared<LockHolders>(*observer.node().locks);
  old->read -= std::chrono::hours(1);
  observer.node().locks = old;
  CHECK(observer.line("sqlite_holder_processes").empty());
}

TEST_CASE("no process is remembered for ever") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec(kWal);
  app.exec("create table t(x)");
  Observer observer(path);
  LockEvidence evidence;
  AttributionState state;
  for (int i = 0; i < 5; ++i) {
    SqliteApplication other(path);
    other.query("select count(*) from t");
    observer.read_locks();
    const Sample& sample = observer.sample();
    const Look look = observer.look();
    evidence = {look.database->identity, look.shm, look.dead_mans_switch, look.database_locks,
                look.wal_locks};
    attribute(evidence, observer.node(), state);
    (void)sample;
  }
  CHECK(state.confirmed.size() <= 1);
}

TEST_CASE("a journal whose super-journal is gone is not hot") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("create table t(x); insert into t values (1)");
  const std::string name = path + "-mj01234567";  // does not exist: the transaction is committed
  std::ofstream journal(path + "-journal", std::ios::binary);
  std::string header("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7\0\0\0\0\0\0\0\0\0\0\0\2\0\0\2\0\0\0\x10\0",
                     28);
  header.resize(512, '\0');
  const auto be = [](std::uint32_t v) {
    return std::string{static_cast<char>(v >> 24U), static_cast<char>(v >> 16U & 255U),
                       static_cast<char>(v >> 8U & 255U), static_cast<char>(v & 255U)};
  };
  std::uint32_t sum = 0;
  for (const char c : name) sum += static_cast<std::uint32_t>(static_cast<signed char>(c));
  journal << header << be(262145) << name << be(static_cast<std::uint32_t>(name.size())) << be(sum)
          << std::string("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);
  journal.close();
  Observer observer(path);
  const States told = states(observer);
  CHECK(app.query("select count(*) from t") == "1");
  CHECK_FALSE(told.contains("hot_journal"));
}

TEST_CASE("the time of EXCLUSIVE without a wal-index is not underestimated") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  {
    SqliteApplication app(path);
    app.exec(kWal);
    app.exec("create table t(x)");
    app.close();
  }
  Observer observer(path);
  observer.sample();
  std::minstd_rand random(7);  // held at half of 600 samples of 100 ms, as their instants fall
  int held = 0;
  for (int i = 0; i < 600; ++i) {
    if (random() % 2 == 0) {
      observer.sample();
      continue;
    }
    ++held;
    SqliteApplication app(path);
    app.exec("pragma locking_mode=exclusive; insert into t values (1)");
    observer.sample();
    app.close();
  }
  CHECK(observer.latest().lock_time.seconds(Lock::exclusive) == Approx(0.1 * held).epsilon(0.25));
}

TEST_CASE("after a pause frames have not waited for a minute yet") {
  CheckpointWatch watch;
  CheckpointWatch::Moment moment;
  moment.index.mx_frame = 20000;
  moment.instant.steady = std::chrono::steady_clock::now();
  watch.observe(moment);
  moment.same_epoch = false;  // closed without a checkpoint, opened an hour later
  moment.instant.steady += std::chrono::hours(1);
  watch.observe(moment);
  CHECK_FALSE(watch.totals().unattended);
}

}  // namespace
}  // namespace sqlite_exporter::test
