/// Watched folders, of this machine's kernel: what changes, what is only SQLite at work, what ends.
#include "exporter/folder_watch.h"

#include <sys/inotify.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>

#include "tests/support/await.h"
#include "tests/support/catch.h"
#include "tests/support/child_process.h"
#include "tests/support/mount_namespace.h"
#include "tests/support/skip.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

using Folders = std::set<std::string>;

std::shared_ptr<FolderWatch> created() {
  auto watch = FolderWatch::create();
  REQUIRE(watch);
  return *watch;
}

/// One call reads 16,384 events; a kernel may be set to queue some more.
constexpr int kReadsOfAFullQueue = 4;

bool nothing_known(std::string_view) { return false; }

Folders changes_of(FolderWatch& watch) {
  const auto changes = watch.read_changes(nothing_known);
  CHECK_FALSE(changes.overflow);
  return changes.folders;
}

std::string folder(const TemporaryDirectory& directory, const std::string& name) {
  std::filesystem::create_directories(directory.path() / name);
  return directory / name;
}

void touch(const std::string& path) { std::ofstream(path).flush(); }

TEST_CASE("names that come, go and move change their folder") {
  const TemporaryDirectory directory;
  const std::string a = folder(directory, "a");
  const std::string b = folder(directory, "b");
  const auto watch = created();
  CHECK(watch->set("", {a, b}).added == 2);
  CHECK(watch->size() == 2);
  CHECK(changes_of(*watch).empty());

  touch(a + "/x");
  CHECK(changes_of(*watch) == Folders{a});
  std::ofstream(a + "/x") << "what is written changes no name";
  CHECK(changes_of(*watch).empty());
  std::filesystem::rename(a + "/x", b + "/y");
  CHECK(changes_of(*watch) == Folders{a, b});
  std::filesystem::remove(b + "/y");
  CHECK(changes_of(*watch) == Folders{b});
  folder(directory, "a/below");
  CHECK(changes_of(*watch) == Folders{a});
  touch(a + "/below/x");
  CHECK(changes_of(*watch).empty());
}

TEST_CASE("a known database that works changes nothing, an unknown one does") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  const auto watch = created();
  watch->set("", {directory.path().string()});
  SqliteApplication application(path);
  CHECK(changes_of(*watch).size() == 1);
  const auto changed = [&](bool known) {
    return !watch->read_changes([&](std::string_view asked) { return known && asked == path; })
                .folders.empty();
  };
  application.exec("CREATE TABLE t(a)");  // its first page: the journal comes and goes
  CHECK(changed(false));
  application.exec("INSERT INTO t VALUES(1)");
  CHECK_FALSE(changed(true));
  application.exec("PRAGMA journal_mode = wal");
  application.exec("INSERT INTO t VALUES(1)");
  CHECK_FALSE(changed(true));
  application.close();
  CHECK_FALSE(changed(true));
  std::filesystem::remove(path);
  CHECK(changed(true));
}

TEST_CASE("an owner's folders are those of its last call") {
  const TemporaryDirectory directory;
  const std::string a = folder(directory, "a");
  const std::string b = folder(directory, "b");
  const auto watch = created();
  CHECK(watch->set("one", {a, b, a}).added == 2);
  CHECK(watch->set("one", {b, a}).added == 0);
  CHECK(watch->set("one", {b}).added == 0);
  CHECK(watch->size() == 1);
  CHECK(changes_of(*watch).empty());
  touch(a + "/x");
  CHECK(changes_of(*watch).empty());
  touch(b + "/x");
  CHECK(changes_of(*watch) == Folders{b});
  watch->set("one", {});
  CHECK(watch->size() == 0);
}

TEST_CASE("a folder of two owners is watched until neither wants it") {
  const TemporaryDirectory directory;
  const std::string a = folder(directory, "a");
  const auto watch = created();
  watch->set("one", {a});
  CHECK(watch->set("two", {a}).added == 1);  // new to that owner
  watch->set("one", {});
  touch(a + "/x");
  CHECK(changes_of(*watch) == Folders{a});
  watch->set("two", {});
  touch(a + "/y");
  CHECK(changes_of(*watch).empty());
  CHECK(watch->size() == 0);
}

TEST_CASE("what is no folder, gone or closed to us is passed over") {
  const TemporaryDirectory directory;
  const auto watch = created();
  touch(directory / "file");
  const auto outcome = watch->set("", {directory / "file", directory / "none", ""});
  CHECK(outcome.added == 0);
  CHECK(outcome.over_limit == 0);
  CHECK(watch->size() == 0);
}

TEST_CASE("a folder that is made again is watched from the next call on") {
  const TemporaryDirectory directory;
  const std::string a = folder(directory, "a");
  const auto watch = created();
  watch->set("", {a});
  std::filesystem::remove(a);
  CHECK(changes_of(*watch) == Folders{a});
  CHECK(watch->size() == 0);
  folder(directory, "a");
  touch(a + "/x");
  CHECK(changes_of(*watch).empty());
  CHECK(watch->set("", {a}).added == 1);
  touch(a + "/y");
  CHECK(changes_of(*watch) == Folders{a});
}

TEST_CASE("a folder that is made again before its end was read") {
  const TemporaryDirectory directory;
  const std::string a = folder(directory, "a");
  const auto watch = created();
  watch->set("", {a});
  std::filesystem::remove(a);
  folder(directory, "a");
  CHECK(watch->set("", {a}).added == 1);
  CHECK(watch->size() == 1);
  CHECK(changes_of(*watch).empty());  // what was said of the old one is of no interest
  touch(a + "/x");
  CHECK(changes_of(*watch) == Folders{a});
}

TEST_CASE("a folder that is renamed has changed, and is not watched by its old name") {
  const TemporaryDirectory directory;
  const std::string a = folder(directory, "a");
  const auto watch = created();
  watch->set("", {a});
  std::filesystem::rename(a, directory / "b");
  CHECK(changes_of(*watch) == Folders{a});
  touch(directory / "b/x");
  CHECK(changes_of(*watch).empty());
  CHECK(watch->set("", {a, directory / "b"}).added == 1);
  touch(directory / "b/y");
  CHECK(changes_of(*watch) == Folders{directory / "b"});
  CHECK(watch->size() == 1);
}

TEST_CASE("a queue that overflows says so, once") {
  const TemporaryDirectory directory;
  const auto watch = created();
  watch->set("", {directory.path().string()});
  int queued = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> queued;
  REQUIRE(queued > 0);
  for (int i = 0; i <= queued / 2; ++i) {
    touch(directory / "x");
    std::filesystem::remove(directory.path() / "x");
  }
  int overflows = 0;
  for (int i = 0; i < kReadsOfAFullQueue; ++i)
    overflows += watch->read_changes(nothing_known).overflow ? 1 : 0;
  CHECK(overflows == 1);
  touch(directory / "y");
  CHECK(changes_of(*watch).size() == 1);
}

TEST_CASE("five thousand folders") {
  const TemporaryDirectory directory;
  std::vector<std::string> all;
  for (int i = 0; i < 5000; ++i) all.push_back(folder(directory, std::to_string(i)));
  const auto watch = created();
  const auto outcome = watch->set("", all);
  if (outcome.over_limit > 0) return skip("folder_watch_5000", "fs.inotify.max_user_watches");
  CHECK(outcome.added == 5000);
  touch(all[4999] + "/x");
  CHECK(changes_of(*watch) == Folders{all[4999]});
  CHECK(watch->set("", all).added == 0);
  watch->set("", {all[7]});
  CHECK(watch->size() == 1);
  touch(all[7] + "/x");
  CHECK(changes_of(*watch) == Folders{all[7]});
}

TEST_CASE("a watched filesystem can be unmounted, and its watches are gone with it") {
  const TemporaryDirectory directory;
  const std::string mountpoint = folder(directory, "m");
  const auto watch = created();
  int unmounted = -1;
  std::size_t added = 0;
  const std::string problem = in_mount_namespace([&]() -> std::string {
    const std::string refused = mount_here("tmpfs", mountpoint, "tmpfs");
    if (!refused.empty()) return refused;
    std::filesystem::create_directories(mountpoint + "/below");
    added = watch->set("", {mountpoint, mountpoint + "/below"}).added;
    unmounted = ::umount2(mountpoint.c_str(), 0);
    return {};
  });
  if (!problem.empty()) return skip("folder_watch_umount", problem);
  CHECK(added == 2);
  CHECK(unmounted == 0);
  CHECK(changes_of(*watch) == Folders{mountpoint, mountpoint + "/below"});
  CHECK(watch->size() == 0);
  // The name now leads to the folder below the mount.
  CHECK(watch->set("", {mountpoint, mountpoint + "/below"}).added == 1);
}

TEST_CASE("a folder with two names by a bind mount changes in both") {
  const TemporaryDirectory directory;
  const std::string a = folder(directory, "a");
  const std::string b = folder(directory, "b");
  const auto watch = created();
  const std::string problem = in_mount_namespace([&]() -> std::string {
    const std::string refused = mount_here(a, b, nullptr, MS_BIND);
    if (refused.empty()) watch->set("", {a, b});
    return refused;
  });
  if (!problem.empty()) return skip("folder_watch_bind", problem);
  CHECK(watch->size() == 1);
  touch(a + "/x");
  CHECK(changes_of(*watch) == Folders{a, b});
  watch->set("", {a});
  touch(a + "/y");
  CHECK(changes_of(*watch) == Folders{a});
}

TEST_CASE("folders above the kernel's limit are counted, the others watched") {
  const TemporaryDirectory directory;
  std::vector<std::string> all;
  for (int i = 0; i < 9; ++i) all.push_back(folder(directory, std::to_string(i)));
  try {
    const ChildProcess child([&] {
      if (::unshare(CLONE_NEWUSER) != 0) return false;
      std::ofstream limit("/proc/sys/user/max_inotify_watches");
      limit << 7 << std::flush;
      if (!limit) return false;
      const auto watch = FolderWatch::create();
      const auto first = (*watch)->set("", all);
      const auto again = (*watch)->set("", all);
      std::ofstream(directory / "said")
          << first.added << ' ' << first.over_limit << ' ' << again.added << ' ' << again.over_limit
          << ' ' << (*watch)->size();
      return true;
    });
  } catch (const std::runtime_error&) {
    return skip("folder_watch_limit", "no user namespace with a limit of its own can be made here");
  }
  std::string said;
  std::getline(std::ifstream(directory / "said"), said);
  CHECK(said == "7 2 0 2 7");
}

TEST_CASE("owners set their folders while the loop reads") {
  const TemporaryDirectory directory;
  const std::string shared = folder(directory, "shared");
  const auto watch = created();
  {
    std::vector<std::jthread> owners;
    for (int owner = 0; owner < 4; ++owner) {
      owners.emplace_back([&, owner] {
        const std::string name = std::to_string(owner);
        const std::string own = folder(directory, name);
        for (int i = 0; i < 200; ++i) {
          watch->set(name, {own, shared});
          touch(own + "/x");
          std::filesystem::remove(own + "/x");
          watch->set(name, {own});
        }
      });
    }
    for (int i = 0; i < 200; ++i) watch->read_changes(nothing_known);
  }
  for (int i = 0; i < kReadsOfAFullQueue; ++i) watch->read_changes(nothing_known);
  CHECK(watch->size() == 4);
  watch->set("0", {shared});
  changes_of(*watch);
  touch(shared + "/x");
  CHECK(changes_of(*watch) == Folders{shared});
}

}  // namespace
}  // namespace sqlite_exporter::test
