/// Who may write a -wal: owners and modes by hand, and real files of real users.
#include "collectors/sidecar_owner.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/skip.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::Observer;
using test::SqliteApplication;
using test::TemporaryDirectory;

FileStatus file(std::uint32_t uid, std::uint32_t mode) {
  FileStatus status;
  status.uid = uid;
  status.mode = mode;
  return status;
}

TEST_CASE("another user's file that only he may write shuts the owner of the database out") {
  CHECK(shuts_out(file(1000, 0644), file(33, 0644)));
  CHECK(shuts_out(file(0, 0600), file(33, 0600)));
  CHECK_FALSE(shuts_out(file(33, 0444), file(33, 0644)));
}

TEST_CASE("root, and whoever may be in the group or have an access control list, is not shut out") {
  CHECK_FALSE(shuts_out(file(1000, 0644), file(0, 0644)));
  CHECK_FALSE(shuts_out(file(1000, 0664), file(33, 0644)));
  CHECK_FALSE(shuts_out(file(1000, 0646), file(33, 0644)));
}

TEST_CASE("a database that its owner may not write either was meant so") {
  CHECK_FALSE(shuts_out(file(1000, 0644), file(33, 0444)));
}

void give_to(const std::string& path, uid_t uid) { REQUIRE(::chown(path.c_str(), uid, uid) == 0); }

constexpr const char* kRisk =
    "sqlite_filesystem_risk{database=\"app\",mountpoint=\"/\",fstype=\"ext4\","
    "reason=\"sidecar_owner\"} 1\n";

TEST_CASE("a WAL that a reader of another user left behind is told by two looks") {
  if (::geteuid() != 0) {
    return test::skip("sidecar_owner", "only root gives files away");
  }
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication(path).exec("pragma journal_mode=wal; create table t(x)");
  give_to(path, 33);
  std::ofstream(path + "-wal").close();
  give_to(path + "-wal", 1000);
  Observer observer(path);
  CHECK(observer.text({"filesystem"}).empty());
  CHECK(observer.text({"filesystem"}) == kRisk);
  give_to(path + "-wal", 33);
  CHECK(observer.text({"filesystem"}).empty());
}

TEST_CASE("whose wal-index it is counts too, also while it is in use") {
  if (::geteuid() != 0) {
    return test::skip("sidecar_owner", "only root gives files away");
  }
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("pragma journal_mode=wal; create table t(x)");
  for (const char* suffix : {"", "-wal", "-shm"}) give_to(path + suffix, 33);
  Observer observer(path);
  observer.text({"filesystem"});
  CHECK(observer.text({"filesystem"}).empty());
  give_to(path + "-shm", 1000);
  observer.text({"filesystem"});
  CHECK(observer.text({"filesystem"}) == kRisk);
  // It may be root who uses it, and he may write all.
  give_to(path + "-shm", 0);
  observer.text({"filesystem"});
  CHECK(observer.text({"filesystem"}).empty());
  app.close();
}

TEST_CASE("what root left beside a database that nobody has open is told") {
  if (::geteuid() != 0) {
    return test::skip("sidecar_owner", "only root gives files away");
  }
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication(path).exec("pragma journal_mode=wal; create table t(x)");
  give_to(path, 33);
  std::ofstream(path + "-wal").close();
  Observer observer(path);
  observer.text({"filesystem"});
  CHECK(observer.text({"filesystem"}) == kRisk);
  observer.node().mounts = MountTable({{"/", "nfs4", "nas:/a", true}});
  CHECK(observer.text({"filesystem"}).find("sidecar_owner") == std::string::npos);
}

}  // namespace
}  // namespace sqlite_exporter
