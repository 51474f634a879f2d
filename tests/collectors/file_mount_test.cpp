/// Files that are mounted without their folder: by tables written by hand, and by the real kernel.
#include "collectors/file_mount.h"

#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/private_mounts.h"
#include "tests/support/skip.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

namespace fs = std::filesystem;
using test::Observer;
using test::PrivateMounts;
using test::SqliteApplication;
using test::TemporaryDirectory;

Mount mount(const std::string& mountpoint, std::uint64_t superblock, const std::string& root) {
  Mount mount{mountpoint, "ext4", "/dev/a"};
  mount.superblock = superblock;
  mount.root = root;
  return mount;
}

TEST_CASE("a file that is a mountpoint, from another folder or filesystem") {
  const MountTable table({mount("/", 1, "/"), mount("/data/app.db", 2, "/vol/app.db"),
                          mount("/data/same.db", 1, "/srv/same.db")});
  CHECK(is_mounted_alone("/data/app.db", table));
  CHECK(is_mounted_alone("/data/same.db", table));
  CHECK_FALSE(is_mounted_alone("/data/other.db", table));
  CHECK_FALSE(is_mounted_alone("/", table));
  CHECK_FALSE(is_mounted_alone("", table));
  CHECK_FALSE(is_mounted_alone("/data/app.db", MountTable()));
}

TEST_CASE("a file in a folder that is mounted is not alone") {
  const MountTable table({mount("/", 1, "/"), mount("/data", 2, "/vol")});
  CHECK_FALSE(is_mounted_alone("/data/app.db", table));
}

TEST_CASE("a file that is mounted onto itself keeps its folder") {
  CHECK_FALSE(is_mounted_alone(
      "/srv/app.db", MountTable({mount("/", 1, "/"), mount("/srv/app.db", 1, "/srv/app.db")})));
  CHECK_FALSE(
      is_mounted_alone("/data/app.db", MountTable({mount("/", 1, "/"), mount("/data", 2, "/vol"),
                                                   mount("/data/app.db", 2, "/vol/app.db")})));
}

TEST_CASE("an application that has the file alone is found out, and forgotten with its end") {
  const TemporaryDirectory directory;
  PrivateMounts mounts;
  if (!mounts.refused().empty()) {
    return test::skip("file_mount", mounts.refused());
  }
  fs::create_directory(directory / "srv");
  fs::create_directory(directory / "layer");
  const std::string path = directory / "srv/app.db";
  const std::string alone = directory / "layer/app.db";
  SqliteApplication(path).exec("pragma journal_mode=wal; create table t(x)");
  std::ofstream(alone).close();
  mounts.mount("", path, alone, MS_BIND);

  Observer observer(path);
  observer.node().mounts = MountTable::read().value();
  const auto told = [&](Observer& by) {
    by.read_locks();
    by.text({"filesystem"});
    return by.text({"filesystem"}).find("reason=\"file_mount\"") != std::string::npos;
  };
  CHECK_FALSE(told(observer));
  SqliteApplication app(alone);
  app.exec("insert into t values (1)");
  REQUIRE(fs::exists(alone + "-wal"));
  CHECK(told(observer));
  {
    Observer inside(alone);
    inside.node().mounts = MountTable::read().value();
    CHECK(told(inside));
  }
  app.close();
  CHECK_FALSE(told(observer));
  SqliteApplication beside(path);
  beside.exec("insert into t values (2)");
  CHECK_FALSE(told(observer));
}

TEST_CASE("a second name of the file is no mount") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication(path).exec("pragma journal_mode=wal; create table t(x)");
  fs::create_hard_link(path, directory / "second.db");
  SqliteApplication app(directory / "second.db");
  app.exec("insert into t values (1)");
  Observer observer(path);
  observer.node().mounts = MountTable::read().value();
  observer.read_locks();
  observer.text({"filesystem"});
  CHECK(observer.text({"filesystem"}).find("file_mount") == std::string::npos);
}

}  // namespace
}  // namespace sqlite_exporter
