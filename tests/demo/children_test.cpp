/// The demo's applications as real processes: their states, their writes, their clean ends.
#include "tests/support/catch.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "exporter/demo/children.h"
#include "exporter/demo/folder.h"

namespace sqlite_exporter {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int kWriteVersionOffset = 18;  // 1: rollback journal, 2: WAL
constexpr int kReadLocksOffset = 123;    // READ0..READ4 in -shm
constexpr int kReadLocks = 5;

struct Scene {
  TemporaryFolder folder = TemporaryFolder::create().value();
  std::string path = folder.path() + "/app.db";
  DemoChildren children{CHILD_PROGRAM};
};

int byte_at(const std::string& path, int offset) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(offset);
  return file.get();
}

/// Waits for the next write to `path`.
bool is_written(const std::string& path) {
  const int watch = inotify_init1(IN_CLOEXEC);
  bool written = watch >= 0 && inotify_add_watch(watch, path.c_str(), IN_MODIFY) >= 0;
  if (written) {
    pollfd event{watch, POLLIN, 0};
    written = poll(&event, 1, 30'000) == 1;
  }
  close(watch);
  return written;
}

/// Who holds a read mark of the wal-index.
pid_t reader_of(const std::string& path) {
  const int shm = open((path + "-shm").c_str(), O_RDONLY | O_CLOEXEC);
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = kReadLocksOffset;
  lock.l_len = kReadLocks;
  const bool asked = fcntl(shm, F_GETLK, &lock) == 0;
  close(shm);
  return asked && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}

TEST_CASE("the wal application writes its WAL and closes it") {
  Scene scene;
  REQUIRE(scene.children.start("wal", scene.path).has_value());
  CHECK(byte_at(scene.path, kWriteVersionOffset) == 2);
  CHECK(is_written(scene.path + "-wal"));
  CHECK(scene.children.stop().has_value());
  CHECK(fs::exists(scene.path));
  CHECK_FALSE(fs::exists(scene.path + "-wal"));
  CHECK_FALSE(fs::exists(scene.path + "-shm"));
}

TEST_CASE("the forgotten reader is another process than the writer it pins") {
  Scene scene;
  const auto reader = scene.children.start("pinned-reader", scene.path);
  REQUIRE(reader.has_value());
  const auto writer = scene.children.start("wal", scene.path);
  REQUIRE(writer.has_value());
  CHECK(*reader != *writer);
  CHECK(is_written(scene.path + "-wal"));
  CHECK(reader_of(scene.path) == *reader);
  CHECK(scene.children.stop().has_value());
  CHECK_FALSE(fs::exists(scene.path + "-wal"));
}

TEST_CASE("the rollback application writes its database without a WAL") {
  Scene scene;
  REQUIRE(scene.children.start("rollback", scene.path).has_value());
  CHECK(byte_at(scene.path, kWriteVersionOffset) == 1);
  CHECK(is_written(scene.path));
  CHECK_FALSE(fs::exists(scene.path + "-wal"));
  CHECK(scene.children.stop().has_value());
  CHECK_FALSE(fs::exists(scene.path + "-journal"));
}

TEST_CASE("SIGTERM is a clean end, SIGINT is left to the parent") {
  Scene scene;
  const auto child = scene.children.start("wal", scene.path);
  REQUIRE(child.has_value());
  REQUIRE(kill(*child, SIGINT) == 0);
  CHECK(is_written(scene.path + "-wal"));
  REQUIRE(kill(*child, SIGTERM) == 0);
  CHECK(scene.children.stop().has_value());
  CHECK_FALSE(fs::exists(scene.path + "-wal"));
}

TEST_CASE("a child that cannot start or get ready is an error, and gone") {
  Scene scene;
  CHECK(scene.children.start("no-such-kind", scene.path).error().code == Errc::internal);
  CHECK(scene.children.start("wal", scene.folder.path() + "/no/such/app.db").error().code ==
        Errc::internal);
  DemoChildren missing("/no/such/program");
  CHECK(missing.start("wal", scene.path).error().code == Errc::io);
  DemoChildren hasty(CHILD_PROGRAM, {.start = 50ms, .stop = 50ms});
  CHECK(hasty.start("silent", scene.path).error().code == Errc::timeout);
}

TEST_CASE("a child that stays is killed") {
  Scene scene;
  DemoChildren children(CHILD_PROGRAM, {.start = 30s, .stop = 50ms});
  const auto started = children.start("stubborn", scene.path);
  REQUIRE(started.has_value());
  const auto stopped = children.stop();
  REQUIRE_FALSE(stopped.has_value());
  CHECK(stopped.error().code == Errc::timeout);
  CHECK(kill(*started, 0) == -1);
  CHECK(errno == ESRCH);
}

}  // namespace
}  // namespace sqlite_exporter
