/// Locks of open file descriptions, as ncruces/go-sqlite3 takes them: whose they are, and what is
/// said where nobody knows.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "collectors/blocked.h"
#include "collectors/lock_owner.h"
#include "collectors/readers.h"
#include "collectors/sqlite/lock_bytes.h"
#include "tests/support/catch.h"
#include "tests/support/child_process.h"
#include "tests/support/locks.h"
#include "tests/support/observer.h"
#include "tests/support/skip.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

constexpr const char* kWal = "pragma journal_mode=wal; pragma wal_autocheckpoint=0";

/// The locks of one connection in WAL mode, reading through mark 1.
bool read_through_descriptions(const std::string& path) {
  const int database = held_open(path);
  const int shm = held_open(path + "-shm");
  return lock_range(database, F_RDLCK, static_cast<off_t>(kSharedLockFirst), kSharedLockLength,
                    F_OFD_SETLK) &&
         lock_range(shm, F_RDLCK, kDeadMansSwitch, 1, F_OFD_SETLK) &&
         lock_range(shm, F_RDLCK, kWalReadLock0 + 1, 1, F_OFD_SETLK);
}

/// An application of POSIX locks whose first read mark lies at its last commit.
struct Database {
  TemporaryDirectory directory;
  std::string path = directory / "app.db";
  SqliteApplication writer{path};

  Database() {
    writer.exec(kWal);
    writer.exec("create table t(x); insert into t values (1), (2)");
    writer.step("select x from t");
    writer.finish();
  }
};

/// Somebody reads there by locks of open file descriptions, and another commit follows.
struct Scene : Database {
  ChildProcess reader{[this] { return read_through_descriptions(path); }};

  Scene() { writer.exec("insert into t values (3)"); }
};

std::vector<int> pids_of(const Look& look) {
  std::vector<int> pids;
  for (const HolderProcess& holder : look.holders.processes) pids.push_back(holder.pid);
  return pids;
}

std::vector<int> sorted(std::vector<int> pids) {
  std::ranges::sort(pids);
  return pids;
}

bool has(const Look& look, AttributionLimit limit) {
  return look.holders.limits[static_cast<std::size_t>(limit)];
}

std::vector<int> readers_at(const Look& look, std::size_t mark) {
  std::vector<int> pids;
  for (const HolderProcess* holder : holders_of_mark(look, mark)) pids.push_back(holder->pid);
  return pids;
}

/// A procfs with this machine's lock table, and these processes alone.
void show_alone(Observer& observer, const TemporaryDirectory& procfs,
                const std::vector<int>& pids) {
  std::filesystem::create_symlink(std::to_string(::getpid()), procfs / "self");
  std::ofstream(procfs / "locks") << std::ifstream("/proc/locks").rdbuf();
  for (const int pid : pids)
    std::filesystem::create_symlink("/proc/" + std::to_string(pid), procfs / std::to_string(pid));
  observer.node().paths.procfs = procfs.path();
}

TEST_CASE("who reads by locks of an open file description is found, with its mark") {
  Scene scene;
  Observer observer(scene.path);
  observer.sample();
  observer.sample();
  observer.read_locks();
  const Look look = observer.look();
  CHECK(pids_of(look) == sorted({scene.writer.pid(), scene.reader.pid()}));
  CHECK(look.holders.complete);
  CHECK(look.holders.descriptions_known);
  CHECK(readers_at(look, 1) == std::vector<int>{scene.reader.pid()});
  CHECK_FALSE(has_unknown_reader(look, 1));
  CHECK_FALSE(look.holders.lost_locks);
  CHECK(observer.value("sqlite_oldest_reader_pid") == scene.reader.pid());
  CHECK(observer.value("sqlite_reader_pinned_frames") ==
        observer.value("sqlite_wal_pinned_frames"));
  CHECK(observer.line("sqlite_reader_pinned_frames").find("owner_process=\"\"") ==
        std::string::npos);
}

TEST_CASE("two kinds of locks on one mark are two readers") {
  Scene scene;
  const ChildProcess posix([&] {
    const int database = held_open(scene.path);
    const int shm = held_open(scene.path + "-shm");
    return lock_range(database, F_RDLCK, static_cast<off_t>(kSharedLockFirst), kSharedLockLength) &&
           lock_range(shm, F_RDLCK, kDeadMansSwitch, 1) &&
           lock_range(shm, F_RDLCK, kWalReadLock0 + 1, 1);
  });
  Observer observer(scene.path);
  observer.sample();
  observer.sample();
  observer.read_locks();
  const Look look = observer.look();
  CHECK(readers_at(look, 1) == sorted({scene.reader.pid(), posix.pid()}));
  CHECK(look.holders.complete);
}

TEST_CASE(
    "an open file description of nobody leaves the list open, and the other reader not alone") {
  Scene scene;
  const ChildProcess posix([&] {
    const int database = held_open(scene.path);
    const int shm = held_open(scene.path + "-shm");
    return lock_range(database, F_RDLCK, static_cast<off_t>(kSharedLockFirst), kSharedLockLength) &&
           lock_range(shm, F_RDLCK, kDeadMansSwitch, 1) &&
           lock_range(shm, F_RDLCK, kWalReadLock0 + 1, 1);
  });
  Observer observer(scene.path);
  const TemporaryDirectory procfs;
  show_alone(observer, procfs, {scene.writer.pid(), posix.pid()});
  observer.sample();
  observer.sample();
  observer.read_locks();
  CHECK_FALSE(has(observer.look(), AttributionLimit::open_file_description));  // it may be new
  observer.read_locks();
  const Look look = observer.look();
  CHECK(has(look, AttributionLimit::open_file_description));
  CHECK(pids_of(look) == sorted({scene.writer.pid(), posix.pid()}));
  CHECK_FALSE(look.holders.complete);
  CHECK_FALSE(look.holders.descriptions_known);
  CHECK(has_unknown_reader(look, 1));
  CHECK_FALSE(look.holders.lost_locks);
  CHECK(observer.line("sqlite_holder_processes").empty());
  CHECK(observer.line("sqlite_reader_pinned_frames").find("owner_process=\"\"") !=
        std::string::npos);
}

TEST_CASE(
    "where descriptors may not be asked, that is why open file descriptions have no process") {
  if (::geteuid() != 0) return skip("descriptions", "putting on another user takes root");
  Scene scene;
  Observer observer(scene.path);
  observer.sample();
  for (int reading = 0; reading < 2; ++reading) {
    REQUIRE(::seteuid(65534) == 0);
    observer.read_locks();
    REQUIRE(::seteuid(0) == 0);
    CHECK(has(observer.look(), AttributionLimit::denied) == (reading == 1));
  }
  const Look look = observer.look();
  CHECK_FALSE(has(look, AttributionLimit::open_file_description));
  CHECK_FALSE(look.holders.complete);
  CHECK(pids_of(look) == std::vector<int>{scene.writer.pid()});
}

TEST_CASE("without other locks the writer of an open file description is the one listed") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication(path).exec("create table t(x); insert into t values (1)");
  const ChildProcess writer([&] {
    const int database = held_open(path);
    return lock_range(database, F_RDLCK, static_cast<off_t>(kSharedLockFirst), kSharedLockLength,
                      F_OFD_SETLK) &&
           lock_range(database, F_WRLCK, static_cast<off_t>(kReservedLock), 1, F_OFD_SETLK);
  });
  Observer observer(path);
  observer.sample();
  observer.read_locks();
  const Look look = observer.look();
  CHECK(pids_of(look) == std::vector<int>{writer.pid()});
  CHECK(look.holders.complete);
  REQUIRE(look.database_locks.reserved);
  CHECK(look.database_locks.reserved->pid == -1);
  const HolderProcess* const owner = owner_of(look, Lock::reserved, *look.database_locks.reserved);
  REQUIRE(owner != nullptr);
  CHECK(owner->pid == writer.pid());
  CHECK(owner_of(look, Lock::pending, LockHolder{true, -1}) == nullptr);
}

TEST_CASE("processes are searched once for locks that stay unexplained, and known ones each time") {
  const auto lock = [](int pid, std::uint64_t inode, std::uint64_t byte) {
    return std::string("1: OFDLCK ADVISORY  READ ")
        .append(std::to_string(pid))
        .append(" 08:02:")
        .append(std::to_string(inode))
        .append(" ")
        .append(std::to_string(byte))
        .append(" ")
        .append(std::to_string(byte))
        .append("\n");
  };
  const TemporaryDirectory procfs;
  const auto show = [&](int pid, const std::string& fdinfo) {
    const std::string process = procfs / std::to_string(pid);
    std::filesystem::create_directories(process + "/fd");
    std::filesystem::create_directories(process + "/fdinfo");
    std::filesystem::remove(process + "/fd/3");
    std::filesystem::create_symlink("/somewhere", process + "/fd/3");
    std::ofstream(process + "/fdinfo/3") << fdinfo;
  };
  show(77, "lock:\t" + lock(-1, 5, 128));
  show(78, "lock:\t" + lock(-1, 6, 300));
  int asked = 0;
  const auto step = [&] { ++asked; };
  const auto now = std::chrono::steady_clock::now();
  const auto find = [&](const std::string& table, std::chrono::seconds later,
                        const DescriptionHolders* previous) {
    asked = 0;
    return find_description_holders(LockTable::parse(table), procfs.path(), now + later, previous,
                                    step);
  };
  using std::chrono::seconds;
  CHECK(find(lock(-1, 6, 300), seconds(0), nullptr).locks.empty());
  CHECK(asked == 0);  // none of SQLite's bytes
  DescriptionHolders first = find(lock(-1, 5, 128), seconds(0), nullptr);
  CHECK(asked == 2);
  REQUIRE(first.of_inode(5).size() == 1);
  CHECK(first.of_inode(5)[0].pid == 77);
  DescriptionHolders next = find(lock(-1, 5, 128), seconds(5), &first);
  CHECK(asked == 1);
  CHECK(next.of_inode(5).size() == 1);
  // One more that shows nowhere: everybody is asked once, and again after a minute.
  const std::string two = lock(-1, 5, 128) + lock(-1, 5, 128);
  next = find(two, seconds(10), &next);
  CHECK(asked == 2);
  CHECK(unexplained(LockTable::parse(two).of_inode(5), next.of_inode(5), 128, 1) == 1);
  next = find(two, seconds(15), &next);
  CHECK(asked == 1);
  next = find(two, seconds(75), &next);
  CHECK(asked == 2);
  // It shows up in a process that had been asked in vain.
  show(78, "lock:\t" + lock(-1, 5, 128));
  next = find(two, seconds(140), &next);
  CHECK(next.of_inode(5).size() == 2);
  CHECK(unexplained(LockTable::parse(two).of_inode(5), next.of_inode(5), 128, 1) == 0);
}

}  // namespace
}  // namespace sqlite_exporter::test
