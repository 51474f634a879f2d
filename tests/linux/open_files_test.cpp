/// What processes hold open: real applications in this mount namespace and in others, and processes
/// of a procfs written by hand.
#include "tests/support/catch.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "collectors/linux/open_files.h"
#include "tests/support/child_process.h"
#include "tests/support/locks.h"
#include "tests/support/mount_namespace.h"
#include "tests/support/skip.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::ChildProcess;
using test::held_open;
using test::in_mount_namespace;
using test::mount_here;
using test::SqliteApplication;
using test::TemporaryDirectory;

using Paths = std::vector<std::string>;

OpenFiles survey(const OpenFilesRequest& request) {
  auto files = open_files(request);
  REQUIRE(files);
  CHECK(std::ranges::is_sorted(files->paths));
  CHECK(std::ranges::adjacent_find(files->paths) == files->paths.end());
  return std::move(*files);
}

/// Of all that the machine has open, what has its name below the directory.
Paths open_below(const TemporaryDirectory& directory, const OpenFilesRequest& request = {}) {
  Paths below;
  for (std::string& path : survey(request).paths) {
    if (path.starts_with(directory.path().string())) below.push_back(std::move(path));
  }
  return below;
}

/// False if there can be no such file.
bool make_and_hold(const std::string& path) {
  std::ofstream(path).flush();
  return held_open(path) >= 0;
}

bool has(const Paths& paths, const std::string& path) {
  return std::ranges::find(paths, path) != paths.end();
}

void create_table(SqliteApplication& application, const std::string& mode) {
  application.exec("PRAGMA journal_mode = " + mode);
  application.exec("CREATE TABLE t(a)");
}

/// A procfs of fixtures, whose reader is process 1 in the mount namespace 1.
class Procfs {
 public:
  Procfs() {
    process(1, 1);
    std::filesystem::create_directory_symlink("1", directory_.path() / "self");
  }

  void process(int pid, int mount_namespace, const Paths& links = {},
               const std::string& root = "/") {
    const auto folder = directory_.path() / std::to_string(pid);
    std::filesystem::create_directories(folder / "fd");
    std::filesystem::create_directories(folder / "ns");
    std::filesystem::create_symlink("mnt:[" + std::to_string(mount_namespace) + "]",
                                    folder / "ns/mnt");
    std::filesystem::create_symlink(root, folder / "root");
    for (std::size_t i = 0; i < links.size(); ++i) {
      std::filesystem::create_symlink(links[i], folder / "fd" / std::to_string(i));
    }
    mounts(pid, "1 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
  }

  void mounts(int pid, const std::string& mountinfo) const {
    std::ofstream(directory_.path() / std::to_string(pid) / "mountinfo") << mountinfo;
  }

  void remove(int pid, const std::string& entry) const {
    std::filesystem::remove_all(directory_.path() / std::to_string(pid) / entry);
  }

  OpenFilesRequest request() const {
    OpenFilesRequest request;
    request.procfs = directory_.path().string();
    return request;
  }

 private:
  TemporaryDirectory directory_;
};

TEST_CASE("links that may mean a database") {
  CHECK(database_behind("/d/a.db") == "/d/a.db");
  CHECK(database_behind("/d/a.db-wal") == "/d/a.db");
  CHECK(database_behind("/d/a.db-shm") == "/d/a.db");
  CHECK(database_behind("/d/a.db-journal") == "/d/a.db");
  CHECK(database_behind("/dev/shm/a.db") == "/dev/shm/a.db");
  CHECK(database_behind("/process/a") == "/process/a");
  CHECK(database_behind("/d/two\nlines") == "/d/two\nlines");
}

TEST_CASE("links that mean none") {
  for (const std::string_view link :
       {"", "a.db", "socket:[1]", "anon_inode:[eventpoll]", "/d/a.db (deleted)",
        "/d/a.db-wal (deleted)", "/memfd:x (deleted)", "/proc/1/maps", "/sys/a", "/dev/null",
        "/dev/shmx", "/dev"}) {
    CAPTURE(link);
    CHECK_FALSE(database_behind(link));
  }
}

TEST_CASE("databases that applications have open, in both modes, until they close them") {
  const TemporaryDirectory directory;
  SqliteApplication wal(directory / "wal.db");
  create_table(wal, "wal");
  SqliteApplication rollback(directory / "rollback.db");
  create_table(rollback, "delete");
  CHECK(open_below(directory) == Paths{directory / "rollback.db", directory / "wal.db"});
  wal.close();
  CHECK(open_below(directory) == Paths{directory / "rollback.db"});
  std::filesystem::remove(directory / "rollback.db");
  CHECK(open_below(directory).empty());
}

TEST_CASE("files of this process and of those left out are none of ours") {
  const TemporaryDirectory directory;
  const std::ofstream own(directory / "own");
  const ChildProcess child([&] { return make_and_hold(directory / "child"); });
  CHECK(has(open_below(directory), directory / "child"));
  OpenFilesRequest request;
  request.left_out.insert(child.pid());
  CHECK(open_below(directory, request).empty());
}

TEST_CASE("a database in another mount namespace has the path that it has here") {
  const TemporaryDirectory directory;
  std::filesystem::create_directories(directory.path() / "volume");
  std::filesystem::create_directories(directory.path() / "mountpoint");
  std::unique_ptr<SqliteApplication> application;
  const std::string problem = in_mount_namespace([&] {
    std::string unmounted =
        mount_here(directory / "volume", directory / "mountpoint", nullptr, MS_BIND);
    if (unmounted.empty()) application = std::make_unique<SqliteApplication>();
    return unmounted;
  });
  if (!problem.empty()) return test::skip("open_files_namespace", problem);
  application->open(directory / "mountpoint/app.db");
  create_table(*application, "wal");
  CHECK(open_below(directory) == Paths{directory / "volume/app.db"});
}

TEST_CASE("a database on a filesystem of another mount namespace has no path here") {
  const TemporaryDirectory directory;
  std::unique_ptr<SqliteApplication> application;
  const std::string problem = in_mount_namespace([&] {
    std::string unmounted = mount_here("tmpfs", directory.path().string(), "tmpfs");
    if (unmounted.empty()) application = std::make_unique<SqliteApplication>();
    return unmounted;
  });
  if (!problem.empty()) return test::skip("open_files_tmpfs", problem);
  application->open(directory / "app.db");
  create_table(*application, "delete");
  CHECK(open_below(directory).empty());
  CHECK(survey({}).untranslated > 0);
}

TEST_CASE("a database in an overlay of another mount namespace lies in its upper directory") {
  const TemporaryDirectory directory;
  std::unique_ptr<SqliteApplication> application;
  const std::string problem = in_mount_namespace([&] {
    // Not every filesystem can carry an overlay's upper directory; a tmpfs can.
    for (const char* name : {"lower", "upper", "work", "merged"}) {
      std::filesystem::create_directories(directory.path() / name);
    }
    std::string unmounted =
        mount_here("overlay", directory / "merged", "overlay", 0,
                   "lowerdir=" + directory / "lower" + ",upperdir=" + directory / "upper" +
                       ",workdir=" + directory / "work");
    if (unmounted.empty()) application = std::make_unique<SqliteApplication>();
    return unmounted;
  });
  if (!problem.empty()) return test::skip("open_files_overlay", problem);
  application->open(directory / "merged/app.db");
  create_table(*application, "delete");
  CHECK(open_below(directory) == Paths{directory / "upper/app.db"});
  CHECK(std::filesystem::exists(directory.path() / "upper/app.db"));
}

TEST_CASE("a process with another root directory in another mount namespace") {
  const TemporaryDirectory directory;
  std::filesystem::create_directories(directory.path() / "volume/below");
  std::filesystem::create_directories(directory.path() / "root/data");
  std::ofstream(directory / "volume/below/app.db") << "x";
  try {
    const ChildProcess child([&] {
      return ::unshare(CLONE_NEWNS) == 0 &&
             ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
             mount_here(directory / "volume", directory / "root/data", nullptr, MS_BIND).empty() &&
             ::chroot((directory / "root").c_str()) == 0 && held_open("/data/below/app.db") >= 0;
    });
    CHECK(open_below(directory) == Paths{directory / "volume/below/app.db"});
  } catch (const std::runtime_error&) {
    test::skip("open_files_chroot", "a mount namespace and a root directory take root");
  }
}

TEST_CASE("processes that may not be asked are counted") {
  const TemporaryDirectory directory;
  const ChildProcess child([&] { return make_and_hold(directory / "f"); });
  const bool root = ::geteuid() == 0;  // else there are processes of root to be refused
  if (root) REQUIRE(::seteuid(65534) == 0);
  const auto files = open_files({});
  if (root) REQUIRE(::seteuid(0) == 0);
  REQUIRE(files);
  CHECK(files->denied > 0);
  CHECK(has(files->paths, directory / "f") == !root);
}

TEST_CASE("names of several processes are one, and each process is a step") {
  Procfs procfs;
  procfs.process(7, 1, {"/d/b", "/d/a-wal", "/d/a", "pipe:[7]"});
  procfs.process(8, 1, {"/d/b", "/d/c"});
  procfs.process(9, 1);
  OpenFilesRequest request = procfs.request();
  int steps = 0;
  request.step = [&] { ++steps; };
  const OpenFiles files = survey(request);
  CHECK(files.paths == Paths{"/d/a", "/d/b", "/d/c"});
  CHECK(files.denied == 0);
  CHECK(files.untranslated == 0);
  CHECK_FALSE(files.cut);
  CHECK(steps == 3);
}

TEST_CASE("paths of a container, and those it has for itself alone") {
  Procfs procfs;
  procfs.process(7, 2, {"/data/a", "/data/b-shm", "/tmp/x", "/tmp/y"});
  procfs.process(8, 2, {"/data/c", "/tmp/x"});
  for (const int pid : {7, 8}) {
    procfs.mounts(pid,
                  "1 1 0:9 / / rw - overlay overlay rw\n"
                  "2 1 8:1 /volumes/v\\0401 /data rw - ext4 /dev/sda1 rw\n");
  }
  const OpenFiles files = survey(procfs.request());
  CHECK(files.paths == Paths{"/volumes/v 1/a", "/volumes/v 1/b", "/volumes/v 1/c"});
  CHECK(files.untranslated == 2);
}

TEST_CASE("links begin at the top of a namespace, its mount table at the process's root") {
  Procfs procfs;
  procfs.process(7, 2, {"/jail/data/a", "/outside/b"}, "/jail");
  procfs.mounts(7, "2 1 8:1 /volume /data rw - ext4 /dev/sda1 rw\n");
  const OpenFiles files = survey(procfs.request());
  CHECK(files.paths == Paths{"/volume/a"});
  CHECK(files.untranslated == 1);
}

TEST_CASE("of several paths of a file a known one stays") {
  Procfs procfs;
  procfs.process(7, 2, {"/data/a"});
  procfs.mounts(7, "1 1 8:2 / /data rw - ext4 /dev/sdb1 rw\n");
  procfs.mounts(1,
                "1 1 8:2 / /pods/1 rw - ext4 /dev/sdb1 rw\n"
                "2 1 8:2 / /pods/2 rw - ext4 /dev/sdb1 rw\n");
  OpenFilesRequest request = procfs.request();
  CHECK(survey(request).paths == Paths{"/pods/2/a"});
  request.is_known = [](std::string_view path) { return path == "/pods/1/a"; };
  CHECK(survey(request).paths == Paths{"/pods/1/a"});
  request.is_known = [](std::string_view) { return false; };
  CHECK(survey(request).paths == Paths{"/pods/2/a"});
}

TEST_CASE("the names may be those of another process's mounts") {
  Procfs procfs;
  procfs.process(7, 2, {"/data/a"});
  procfs.mounts(7, "1 1 8:1 / /data rw - ext4 /dev/sda1 rw\n");
  OpenFilesRequest request = procfs.request();
  request.viewer = "7";
  CHECK(survey(request).paths == Paths{"/data/a"});
}

TEST_CASE("a process that ends meanwhile counts for nothing") {
  Procfs procfs;
  for (int pid = 7; pid <= 10; ++pid) procfs.process(pid, 2, {"/a" + std::to_string(pid)});
  procfs.remove(7, "fd");
  procfs.remove(8, "ns");
  procfs.remove(9, "mountinfo");
  procfs.remove(10, "root");
  const OpenFiles files = survey(procfs.request());
  CHECK(files.paths.empty());
  CHECK(files.denied == 0);
  CHECK_FALSE(files.cut);
}

TEST_CASE("limits are kept and told") {
  Procfs procfs;
  procfs.process(7, 1, {"/d/a", "/d/b"});
  procfs.process(8, 2, {"/d/c"});
  OpenFilesRequest request = procfs.request();
  request.most_paths = 2;
  CHECK(survey(request).paths.size() == 2);
  CHECK(survey(request).cut);
  request.most_paths = 3;
  CHECK(survey(request).paths.size() == 3);
  CHECK_FALSE(survey(request).cut);
  request.most_processes = 2;
  CHECK_FALSE(survey(request).cut);
  request.most_processes = 1;
  CHECK(survey(request).cut);

  procfs.process(9, 1, Paths(513, "/d/a"));
  request = procfs.request();
  int steps = 0;
  request.step = [&] { ++steps; };
  request.most_descriptors = 513;
  CHECK_FALSE(survey(request).cut);
  CHECK(steps == 6);  // one for each process and the foreign namespace, two within the last
  request.most_descriptors = 512;
  CHECK(survey(request).cut);
}

TEST_CASE("a procfs that is not there, or without the viewer") {
  const TemporaryDirectory directory;
  OpenFilesRequest request;
  request.procfs = directory / "none";
  CHECK_FALSE(open_files(request));
  const Procfs procfs;
  request = procfs.request();
  request.viewer = "77";
  const auto files = open_files(request);
  REQUIRE_FALSE(files);
  CHECK(files.error().code == Errc::no_data);
}

}  // namespace
}  // namespace sqlite_exporter
