/// Lock tables: written by hand, hostile, and the kernel's own with locks of another process.
#include "tests/support/catch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "collectors/linux/file.h"
#include "collectors/linux/lock_table.h"
#include "tests/support/await.h"
#include "tests/support/child_process.h"
#include "tests/support/locks.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::ChildProcess;
using test::held_open;
using test::lock_range;
using test::TemporaryDirectory;

constexpr std::uint64_t kEnd = std::numeric_limits<std::uint64_t>::max();

LockEntry range(std::uint64_t first, std::uint64_t last) { return {.first = first, .last = last}; }

std::string written(const TemporaryDirectory& directory, const std::string& name) {
  const std::string path = directory / name;
  std::ofstream(path) << "x";
  return path;
}

/// The locks of `child` on `path`, out of all of this machine.
std::vector<LockEntry> read_locks_on(const std::string& path, int pid) {
  const auto status = status_of(path);
  const auto table = LockTable::read("/proc");
  REQUIRE(status);
  REQUIRE(table);
  std::vector<LockEntry> locks;
  for (const LockEntry& lock : table->of_inode(status->identity.inode)) {
    if (lock.pid == pid || lock.open_file_description) locks.push_back(lock);
  }
  return locks;
}

/// Those, once there are `count`: a table of several pages is not of one moment, and while others
/// lock and unlock it may miss one.
std::vector<LockEntry> locks_on(const std::string& path, int pid, std::size_t count) {
  std::vector<LockEntry> locks;
  REQUIRE(test::await([&] {
    locks = read_locks_on(path, pid);
    return locks.size() == count;
  }));
  return locks;
}

TEST_CASE("a lock is decoded") {
  const auto lock = parse_lock("17: POSIX  ADVISORY  WRITE 1234 08:02:12345 120 121");
  REQUIRE(lock);
  CHECK(*lock == LockEntry{.pid = 1234,
                           .exclusive = true,
                           .open_file_description = false,
                           .device_major = 8,
                           .device_minor = 2,
                           .inode = 12345,
                           .first = 120,
                           .last = 121});
}

TEST_CASE("an open-file-description lock to the end of the file, device numbers in hexadecimal") {
  const auto lock = parse_lock("1: OFDLCK ADVISORY  READ -1 103:1f:18446744073709551615 0 EOF");
  REQUIRE(lock);
  CHECK(*lock == LockEntry{.pid = -1,
                           .exclusive = false,
                           .open_file_description = true,
                           .device_major = 0x103,
                           .device_minor = 0x1f,
                           .inode = kEnd,
                           .first = 0,
                           .last = kEnd});
}

TEST_CASE("lines that are no locks of these kinds are skipped") {
  for (const std::string_view line : {"1: -> POSIX  ADVISORY  WRITE 1 08:02:3 0 EOF",
                                      "1:  -> POSIX  ADVISORY  WRITE 1 08:02:3 0 0",
                                      "1: FLOCK  ADVISORY  WRITE 1 08:02:3 0 EOF",
                                      "1: LEASE  ACTIVE    READ 1 08:02:3 0 EOF",
                                      "1: DELEG  ACTIVE    READ 1 08:02:3 0 EOF",
                                      "1: ACCESS ADVISORY  READ 1 08:02:3 0 EOF",
                                      "1: POSIX  *NOINODE* WRITE 1 <none>:0 0 EOF",
                                      "1: POSIX  ADVISORY  UNLCK 1 08:02:3 0 EOF",
                                      "1: POSIX  ADVISORY  WRITE 1 08:02:3 0",
                                      "1: POSIX  ADVISORY  WRITE 1 08:02:3 0 EOF 7",
                                      "1 POSIX  ADVISORY  WRITE 1 08:02:3 0 EOF",
                                      "1: POSIX  ADVISORY  WRITE 1 08:02 0 EOF",
                                      "1: POSIX  ADVISORY  WRITE 1 08:02:3:4 0 EOF",
                                      "1: POSIX  ADVISORY  WRITE 1 08:0g:3 0 EOF",
                                      "1: POSIX  ADVISORY  WRITE 1 08:02:3a 0 EOF",
                                      "1: POSIX  ADVISORY  WRITE x 08:02:3 0 EOF",
                                      "1: POSIX  ADVISORY  WRITE 1 08:02:3 EOF EOF",
                                      "1: POSIX  ADVISORY  WRITE 1 08:02:3 5 4",
                                      "1: POSIX  ADVISORY  WRITE 1 08:02:3 -1 4",
                                      "1: POSIX  ADVISORY  WRITE 1 08:02:3 0 18446744073709551616",
                                      "1: POSIX  ADVISORY  WRITE 99999999999 08:02:3 0 EOF",
                                      "1: POSIX  ADVISORY  WRITE 1 08:02:3 0 EOF\r",
                                      "",
                                      ":",
                                      "lock",
                                      "1:"}) {
    CAPTURE(line);
    CHECK_FALSE(parse_lock(line));
  }
}

TEST_CASE("mandatory locks of older kernels, and a process of another pid namespace") {
  CHECK(parse_lock("1: POSIX  MANDATORY WRITE 1 08:02:3 0 EOF"));
  const auto lock = parse_lock("1: POSIX  ADVISORY  READ 0 08:02:3 128 128");
  REQUIRE(lock);
  CHECK(lock->pid == 0);
}

TEST_CASE("a table is found by inode, of each in the order of bytes and pids") {
  const LockTable table = LockTable::parse(
      "1: POSIX  ADVISORY  WRITE 10 08:02:700 5 5\n"
      "2: POSIX  ADVISORY  READ 11 08:02:600 128 128\n"
      "2: -> POSIX  ADVISORY  WRITE 15 08:02:600 128 128\n"
      "nonsense\n"
      "\n"
      "3: FLOCK  ADVISORY  WRITE 12 08:02:600 0 EOF\n"
      "4: POSIX  ADVISORY  READ 9 00:27:600 128 128\n"
      "5: POSIX  ADVISORY  WRITE 12 08:02:600 120 120\n"
      "6: OFDLCK ADVISORY  READ -1 08:02:800 0 EOF");
  CHECK(table.entries().size() == 5);
  const auto locks = table.of_inode(600);
  REQUIRE(locks.size() == 3);
  CHECK(locks[0].pid == 12);
  CHECK(locks[1].pid == 9);
  CHECK(locks[2].pid == 11);
  CHECK(table.of_inode(700).size() == 1);
  CHECK(table.of_inode(800).size() == 1);  // the last line, without its end
  CHECK(table.of_inode(650).empty());
  CHECK(LockTable::parse("").entries().empty());
}

TEST_CASE("ranges overlap by their bytes, and a length of 0 has none") {
  CHECK(overlaps(range(120, 121), 121, 1));
  CHECK(overlaps(range(120, 121), 119, 2));
  CHECK(overlaps(range(120, 121), 0, 1000));
  CHECK(overlaps(range(123, 127), 125, 1));
  CHECK_FALSE(overlaps(range(120, 121), 122, 1));
  CHECK_FALSE(overlaps(range(120, 121), 119, 1));
  CHECK_FALSE(overlaps(range(120, 121), 120, 0));
  CHECK_FALSE(overlaps(range(0, kEnd), 0, 0));
  CHECK(overlaps(range(120, kEnd), kEnd, 1));
  CHECK(overlaps(range(120, 121), 100, kEnd));
  CHECK(overlaps(range(kEnd, kEnd), 7, kEnd));
  CHECK_FALSE(overlaps(range(0, 6), 7, kEnd));
}

TEST_CASE("adjacent ranges that another process locked are one") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f");
  const ChildProcess child([&] {
    const int descriptor = held_open(path);
    return lock_range(descriptor, F_WRLCK, 120, 1) && lock_range(descriptor, F_WRLCK, 121, 1) &&
           lock_range(descriptor, F_RDLCK, 128, 1) && lock_range(descriptor, F_RDLCK, 1000, 0);
  });
  const auto locks = locks_on(path, child.pid(), 3);
  CHECK(locks[0].exclusive);
  CHECK(locks[0].pid == child.pid());
  CHECK(locks[0].first == 120);
  CHECK(locks[0].last == 121);
  CHECK(overlaps(locks[0], 121, 1));
  CHECK_FALSE(locks[1].exclusive);
  CHECK(locks[1].first == 128);
  CHECK(locks[1].last == 128);
  CHECK(locks[2].first == 1000);
  CHECK(locks[2].last == kEnd);
}

TEST_CASE("the device of a lock is that of the file's filesystem") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f");
  const ChildProcess child([&] { return lock_range(held_open(path), F_WRLCK, 0, 1); });
  const auto locks = locks_on(path, child.pid(), 1);
  const auto status = status_of(path);
  REQUIRE(status);
  if (major(status->identity.device) == 0) {
    WARN("not compared: a filesystem without a device of its own may have several numbers");
    return;
  }
  CHECK(makedev(locks[0].device_major, locks[0].device_minor) == status->identity.device);
}

TEST_CASE("an open-file-description lock of another process has no pid, and goes with it") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f");
  ChildProcess child([&] { return lock_range(held_open(path), F_WRLCK, 120, 8, F_OFD_SETLK); });
  const auto locks = locks_on(path, child.pid(), 1);
  CHECK(locks[0].pid == -1);
  CHECK(locks[0].open_file_description);
  CHECK(locks[0].exclusive);
  CHECK(locks[0].first == 120);
  CHECK(locks[0].last == 127);
  child.kill();
  CHECK(locks_on(path, child.pid(), 0).empty());
}

TEST_CASE("several pages of locks") {
  constexpr int kLocks = 1000;
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f");
  const ChildProcess child([&] {
    const int descriptor = held_open(path);
    bool all = true;
    for (int i = 0; i < kLocks; ++i) all = all && lock_range(descriptor, F_WRLCK, 2 * i, 1);
    return all;
  });
  const auto locks = locks_on(path, child.pid(), kLocks);
  CHECK(locks[kLocks - 1].first == 2 * (kLocks - 1));
}

TEST_CASE("a procfs without a lock table") {
  const TemporaryDirectory procfs;
  const auto table = LockTable::read(procfs.path().string());
  REQUIRE_FALSE(table);
  CHECK(table.error().code == Errc::no_data);
}

}  // namespace
}  // namespace sqlite_exporter
