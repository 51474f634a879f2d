/// Locks that a real application holds, seen without taking one.
#include "tests/support/catch.h"

#include <fstream>

#include "collectors/linux/lock_probe.h"
#include "collectors/sqlite/lock_bytes.h"
#include "tests/support/child_process.h"
#include "tests/support/locks.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::SqliteApplication;
using test::TemporaryDirectory;

File opened(const std::string& path) {
  auto file = File::open(path);
  REQUIRE(file);
  return std::move(*file);
}

std::optional<LockHolder> holder(const File& file, std::uint64_t offset, std::uint64_t length = 1) {
  const auto lock = lock_on(file, offset, length);
  REQUIRE(lock);
  return *lock;
}

TEST_CASE("the write lock of a WAL names its holder while the transaction is open") {
  const TemporaryDirectory directory;
  SqliteApplication application(directory / "a.db");
  application.exec("PRAGMA journal_mode = wal");
  application.exec("CREATE TABLE t(a)");
  const File shm = opened(directory / "a.db-shm");

  CHECK_FALSE(holder(shm, kWalWriteLock));
  application.exec("BEGIN IMMEDIATE");
  const auto writer = holder(shm, kWalWriteLock);
  REQUIRE(writer);
  CHECK(writer->exclusive);
  CHECK(writer->pid == application.pid());
  // An observer that took the lock would make this fail.
  application.exec("INSERT INTO t VALUES(1)");
  application.exec("COMMIT");
  CHECK_FALSE(holder(shm, kWalWriteLock));
}

TEST_CASE("the dead man's switch is shared, and free after a crash") {
  const TemporaryDirectory directory;
  SqliteApplication application(directory / "a.db");
  application.exec("PRAGMA journal_mode = wal");
  application.exec("CREATE TABLE t(a)");
  const File shm = opened(directory / "a.db-shm");

  const auto alive = holder(shm, kDeadMansSwitch);
  REQUIRE(alive);
  CHECK_FALSE(alive->exclusive);
  CHECK(alive->pid == application.pid());
  application.kill();
  CHECK_FALSE(holder(shm, kDeadMansSwitch));
}

TEST_CASE("a range sees a lock on one of its bytes, and none beside it") {
  const TemporaryDirectory directory;
  SqliteApplication application(directory / "a.db");
  application.exec("CREATE TABLE t(a)");
  const File database = opened(directory / "a.db");

  CHECK_FALSE(holder(database, kPendingLock, 2 + kSharedLockLength));
  application.exec("BEGIN IMMEDIATE");
  const auto reserved = holder(database, kPendingLock, 2);
  REQUIRE(reserved);
  CHECK(reserved->exclusive);
  CHECK(holder(database, kReservedLock));
  CHECK_FALSE(holder(database, kPendingLock));
  const auto shared = holder(database, kSharedLockFirst, kSharedLockLength);
  REQUIRE(shared);
  CHECK_FALSE(shared->exclusive);
}

TEST_CASE("a probe of a file that is closed is an error") {
  const TemporaryDirectory directory;
  SqliteApplication application(directory / "a.db");
  application.exec("CREATE TABLE t(a)");
  File file = opened(directory / "a.db");
  const File taken(std::move(file));
  const auto lock = lock_on(file, kPendingLock, 1);
  REQUIRE_FALSE(lock);
  CHECK(lock.error().code == Errc::io);
}

TEST_CASE("a lock within the range is one of SQLite's, one of the whole file is not") {
  const TemporaryDirectory directory;
  std::ofstream(directory / "a.db") << "some bytes";
  const File file = opened(directory / "a.db");
  const auto locked_by = [&](off_t first, off_t length) {
    const test::ChildProcess child([&] {
      return test::lock_range(test::held_open(directory / "a.db"), F_WRLCK, first, length);
    });
    const auto within = has_lock_within(file, kPendingLock, kDatabaseLocksLength);
    REQUIRE(within);
    return *within;
  };
  constexpr auto kFirst = static_cast<off_t>(kPendingLock);
  constexpr auto kLength = static_cast<off_t>(kDatabaseLocksLength);
  CHECK(locked_by(kFirst, kLength));
  CHECK(locked_by(kFirst + 2, 1));
  CHECK_FALSE(locked_by(0, 0));
  CHECK_FALSE(locked_by(kFirst, 0));
  CHECK_FALSE(locked_by(kFirst, kLength + 1));
  CHECK_FALSE(locked_by(kFirst - 1, 2));
  CHECK_FALSE(locked_by(100, 1));
}

}  // namespace
}  // namespace sqlite_exporter
