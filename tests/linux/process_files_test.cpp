/// What other processes have open: locked, unlocked, deleted, closed to us, gone.
#include "tests/support/catch.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "collectors/linux/description_locks.h"
#include "collectors/linux/process_files.h"
#include "tests/support/child_process.h"
#include "tests/support/locks.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::ChildProcess;
using test::held_open;
using test::lock_range;
using test::SqliteApplication;
using test::TemporaryDirectory;

std::string written(const TemporaryDirectory& directory, const std::string& name) {
  const std::string path = directory / name;
  std::ofstream(path) << "x";
  return path;
}

FileIdentity identity_of(const std::string& path) {
  const auto status = status_of(path);
  REQUIRE(status);
  return status->identity;
}

bool locks_through_descriptor(int pid, const FileIdentity& file) {
  const auto open = has_open("/proc", pid, file);
  REQUIRE(open);
  return *open;
}

bool deleted(int pid, const std::string& path) {
  const auto use = use_of_path("/proc", pid, path);
  REQUIRE(use);
  return *use == PathUse::deleted;
}

template <class T>
Errc code_of(const Result<T>& result) {
  REQUIRE_FALSE(result);
  CHECK_FALSE(result.error().message.empty());
  return result.error().code;
}

TEST_CASE("the locks of a descriptor stand between its other lines") {
  const auto locks = parse_fdinfo_locks(
      "pos:\t0\nflags:\t02100002\nmnt_id:\t29\nino:\t12345\n"
      "lock:\t1: FLOCK  ADVISORY  WRITE 1234 08:02:12345 0 EOF\n"
      "lock:\t2: POSIX  ADVISORY  READ 1234 08:02:12345 128 128\n"
      "lock:\t3: OFDLCK ADVISORY  WRITE -1 08:02:12345 0 EOF\n"
      "lock: 4: POSIX  ADVISORY  READ 1234 08:02:12345 1 1\n"
      "xlock:\t5: POSIX  ADVISORY  READ 1234 08:02:12345 1 1\n");
  REQUIRE(locks.size() == 2);
  CHECK(locks[0].first == 128);
  CHECK(locks[0].inode == 12345);
  CHECK(locks[1].open_file_description);
  CHECK(parse_fdinfo_locks("").empty());
  CHECK(parse_fdinfo_locks("lock:\t").empty());
  CHECK(parse_fdinfo_locks("lock:\t2: POSIX  ADVISORY  READ 1234 08:02:1234").empty());
}

TEST_CASE("a process has the file that it locked, and not its neighbour") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f");
  const std::string other = written(directory, "g");
  const ChildProcess child(
      [&] { return held_open(other) >= 0 && lock_range(held_open(path), F_RDLCK, 128, 1); });
  const FileIdentity file = identity_of(path);
  CHECK(locks_through_descriptor(child.pid(), file));
  CHECK_FALSE(locks_through_descriptor(child.pid(), identity_of(other)));
  CHECK_FALSE(locks_through_descriptor(::getpid(), file));

  // What an equal inode number in another filesystem or subvolume would look like.
  CHECK_FALSE(locks_through_descriptor(child.pid(), {file.device + 1, file.inode}));
  CHECK_FALSE(locks_through_descriptor(child.pid(), {file.device, file.inode + 1}));
}

TEST_CASE("an open-file-description lock counts too") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f");
  const ChildProcess child([&] { return lock_range(held_open(path), F_WRLCK, 0, 0, F_OFD_SETLK); });
  CHECK(locks_through_descriptor(child.pid(), identity_of(path)));
}

TEST_CASE("locks of one process are not those of its child that inherits the descriptor") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f");
  const ChildProcess child([&] {
    if (!lock_range(held_open(path), F_WRLCK, 0, 1)) return false;
    static const ChildProcess heir([] { return true; });  // outlives this function
    std::ofstream(directory / "heir") << heir.pid() << std::flush;
    return true;
  });
  int heir = 0;
  std::ifstream(directory / "heir") >> heir;
  REQUIRE(heir > 0);
  CHECK(locks_through_descriptor(child.pid(), identity_of(path)));
  CHECK_FALSE(locks_through_descriptor(heir, identity_of(path)));
}

TEST_CASE("a file that is replaced while it is locked is the old one") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f");
  const ChildProcess child([&] { return lock_range(held_open(path), F_WRLCK, 0, 1); });
  const FileIdentity old = identity_of(path);
  std::filesystem::rename(written(directory, "new"), path);
  CHECK(locks_through_descriptor(child.pid(), old));
  CHECK_FALSE(locks_through_descriptor(child.pid(), identity_of(path)));
  CHECK(deleted(child.pid(), path));
}

TEST_CASE("a WAL database and its wal-index are open in the application, until it closes them") {
  const TemporaryDirectory directory;
  const std::string path = directory / "a.db";
  SqliteApplication application(path);
  application.exec("PRAGMA journal_mode = wal");
  application.exec("CREATE TABLE t(a)");
  const FileIdentity database = identity_of(path);
  CHECK(locks_through_descriptor(application.pid(), database));
  CHECK(locks_through_descriptor(application.pid(), identity_of(path + "-shm")));
  CHECK_FALSE(deleted(application.pid(), path));
  std::filesystem::remove(path);
  CHECK(locks_through_descriptor(application.pid(), database));
  CHECK(deleted(application.pid(), path));
  application.close();
  CHECK_FALSE(locks_through_descriptor(application.pid(), database));
  CHECK_FALSE(deleted(application.pid(), path));
}

TEST_CASE("the locks of a process on one file, and that it is open without one") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f");
  const std::string other = written(directory, "g");
  const ChildProcess child([&] {
    return held_open(other) >= 0 && lock_range(held_open(path), F_RDLCK, 128, 1) &&
           lock_range(held_open(path), F_RDLCK, 124, 1);
  });
  const auto locked = locks_on_file("/proc", child.pid(), identity_of(path));
  REQUIRE(locked);
  CHECK(locked->opened);
  CHECK(std::ranges::any_of(locked->locks, [](const auto& lock) { return lock.first == 124; }));
  CHECK(std::ranges::any_of(locked->locks, [](const auto& lock) { return lock.first == 128; }));
  const auto unlocked = locks_on_file("/proc", child.pid(), identity_of(other));
  REQUIRE(unlocked);
  CHECK(unlocked->opened);
  CHECK(unlocked->locks.empty());
  const auto none = locks_on_file("/proc", ::getpid(), identity_of(path));
  REQUIRE(none);
  CHECK_FALSE(none->opened);
}

TEST_CASE("the locks of open file descriptions, of one process and of all") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f");
  const ChildProcess child([&] {
    return lock_range(held_open(path), F_RDLCK, 128, 1, F_OFD_SETLK) &&
           lock_range(held_open(path), F_RDLCK, 124, 1, F_OFD_SETLK) &&
           lock_range(held_open(path), F_RDLCK, 126, 1);
  });
  const auto locks = description_locks_of("/proc", child.pid());
  REQUIRE(locks);
  REQUIRE(locks->size() == 2);
  CHECK((*locks)[0].pid == child.pid());
  CHECK((*locks)[0].inode == identity_of(path).inode);
  CHECK((*locks)[0].first + (*locks)[1].first == 128 + 124);
  const auto of_child = [&](const DescriptionLocks& all) {
    return std::ranges::count(all.locks, child.pid(), &LockEntry::pid);
  };
  const auto all = all_description_locks({"/proc", {}, {}});
  REQUIRE(all);
  CHECK(of_child(*all) == 2);
  CHECK_FALSE(all->cut);
  CHECK(of_child(*all_description_locks({"/proc", {child.pid()}, {}})) == 0);
  CHECK(all_description_locks({"/proc", {}, {}, 1})->cut);
  CHECK(code_of(description_locks_of("/proc", 0)) == Errc::no_data);
}

TEST_CASE("the descriptors of a database are its own and those beside it, by any name of theirs") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "a.db");
  std::filesystem::create_directory(directory / "other");
  const std::string other = written(directory, "other/a.db");
  std::filesystem::create_hard_link(path, directory / "other/a.db-wal");
  const ChildProcess child([&] {
    return held_open(path) >= 0 && held_open(written(directory, "a.db-wal")) >= 0 &&
           held_open(other) >= 0 && held_open(directory / "other/a.db-wal") >= 0 &&
           std::filesystem::remove(directory / "a.db-wal");
  });
  const auto share = descriptors_of_database("/proc", child.pid(), {path, {identity_of(path)}});
  REQUIRE(share);
  CHECK(share->of_database == 3);  // not the other database of that name
  CHECK(share->asked >= 4);
}

TEST_CASE("a deleted file has exactly its name") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f");
  const ChildProcess child([&] { return held_open(path) >= 0 && std::filesystem::remove(path); });
  CHECK(deleted(child.pid(), path));
  CHECK_FALSE(deleted(child.pid(), path.substr(0, path.size() - 1)));
  CHECK_FALSE(deleted(child.pid(), path + "x"));
  CHECK_FALSE(deleted(child.pid(), path + " (deleted)"));
  CHECK_FALSE(deleted(child.pid(), ""));
  CHECK_FALSE(deleted(::getpid(), path));
}

TEST_CASE("a deleted file whose own name ends like the kernel's word") {
  const TemporaryDirectory directory;
  const std::string path = directory / "f";
  const std::string odd = written(directory, "f (deleted)");
  const ChildProcess child([&] { return held_open(odd) >= 0 && std::filesystem::remove(odd); });
  CHECK(deleted(child.pid(), odd));
  CHECK_FALSE(deleted(child.pid(), path));
}

TEST_CASE("a process that is gone") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f");
  ChildProcess child([] { return true; });
  child.kill();
  CHECK(code_of(has_open("/proc", child.pid(), identity_of(path))) == Errc::no_data);
  CHECK(code_of(use_of_path("/proc", child.pid(), path)) == Errc::no_data);
}

TEST_CASE("a descriptor that was closed after it was listed counts for nothing") {
  const TemporaryDirectory procfs;
  const std::string file = written(procfs, "f");
  std::filesystem::create_directories(procfs.path() / "77/fd");
  std::filesystem::create_symlink(file, procfs / "77/fd/3");
  CHECK(has_open(procfs.path().string(), 77, identity_of(file)) == false);
}

TEST_CASE("a lock's inode and the file behind the link must both agree") {
  const TemporaryDirectory procfs;
  const std::string file = written(procfs, "f");
  const std::string other = written(procfs, "g");
  const FileIdentity identity = identity_of(file);
  std::filesystem::create_directories(procfs.path() / "77/fd");
  std::filesystem::create_directories(procfs.path() / "77/fdinfo");
  // The device of the line is of no filesystem here, as on btrfs.
  std::ofstream(procfs / "77/fdinfo/3")
      << "lock:\t1: POSIX  ADVISORY  READ 77 ff:ff:" << identity.inode << " 128 128\n";
  std::filesystem::create_symlink(other, procfs / "77/fd/3");
  CHECK(has_open(procfs.path().string(), 77, identity) == false);
  std::filesystem::remove(procfs / "77/fd/3");
  std::filesystem::create_symlink(file, procfs / "77/fd/3");
  CHECK(has_open(procfs.path().string(), 77, identity) == true);
}

TEST_CASE("a process with more descriptors than are looked at") {
  const TemporaryDirectory procfs;
  const std::string file = written(procfs, "f");
  std::filesystem::create_directories(procfs.path() / "77/fd");
  for (int i = 0; i < 4096; ++i) std::ofstream(procfs / ("77/fd/" + std::to_string(i))).flush();
  CHECK(has_open(procfs.path().string(), 77, identity_of(file)) == false);
  std::ofstream(procfs / "77/fd/4096").flush();
  CHECK(code_of(has_open(procfs.path().string(), 77, identity_of(file))) == Errc::limit);
}

TEST_CASE("a process of another user may not be asked") {
  const TemporaryDirectory directory;
  const std::string path = written(directory, "f");
  const ChildProcess child([&] { return lock_range(held_open(path), F_WRLCK, 0, 1); });
  const FileIdentity file = identity_of(path);
  // Root puts on another user for the moment; whoever is not root asks about a process of root.
  const bool root = ::geteuid() == 0;
  const int pid = root ? child.pid() : 1;
  if (root) REQUIRE(::seteuid(65534) == 0);
  const auto open = has_open("/proc", pid, file);
  const auto gone = use_of_path("/proc", pid, path);
  if (root) REQUIRE(::seteuid(0) == 0);
  CHECK(code_of(open) == Errc::denied);
  CHECK(code_of(gone) == Errc::denied);
}

}  // namespace
}  // namespace sqlite_exporter
