/// The demo's applications as real processes: their states, their writes, their clean ends.
#include "tests/support/catch.h"

#include <signal.h>

#include <cerrno>
#include <chrono>
#include <filesystem>

#include "exporter/demo/children.h"
#include "tests/demo/scene.h"
#include "tests/support/skip.h"

namespace sqlite_exporter {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct LiveScene : Scene {
  DemoChildren children{CHILD_PROGRAM};
};

TEST_CASE("the wal application writes its WAL and closes it") {
  LiveScene scene;
  REQUIRE(scene.children.start("wal", scene.path).has_value());
  CHECK(byte_at(scene.path, kWriteVersionOffset) == 2);
  CHECK(is_written(scene.path + "-wal"));
  CHECK(scene.children.stop().has_value());
  CHECK(fs::exists(scene.path));
  CHECK_FALSE(fs::exists(scene.path + "-wal"));
  CHECK_FALSE(fs::exists(scene.path + "-shm"));
}

TEST_CASE("the forgotten reader is another process than the writer it pins") {
  LiveScene scene;
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
  LiveScene scene;
  REQUIRE(scene.children.start("rollback", scene.path).has_value());
  CHECK(byte_at(scene.path, kWriteVersionOffset) == 1);
  CHECK(is_written(scene.path));
  CHECK_FALSE(fs::exists(scene.path + "-wal"));
  CHECK(scene.children.stop().has_value());
  CHECK_FALSE(fs::exists(scene.path + "-journal"));
}

TEST_CASE("SIGTERM is a clean end, SIGINT is left to the parent") {
  LiveScene scene;
  const auto child = scene.children.start("wal", scene.path);
  REQUIRE(child.has_value());
  REQUIRE(kill(*child, SIGINT) == 0);
  CHECK(is_written(scene.path + "-wal"));
  REQUIRE(kill(*child, SIGTERM) == 0);
  CHECK(scene.children.stop().has_value());
  CHECK_FALSE(fs::exists(scene.path + "-wal"));
}

TEST_CASE("a child that cannot start or get ready is an error, and gone") {
  LiveScene scene;
  CHECK(scene.children.start("no-such-kind", scene.path).error().code == Errc::internal);
  CHECK(scene.children.start("wal", scene.folder.path() + "/no/such/app.db").error().code ==
        Errc::internal);
  DemoChildren missing("/no/such/program");
  // An emulated child starts before it finds out.
  if (!test::is_emulated()) CHECK(missing.start("wal", scene.path).error().code == Errc::io);
  DemoChildren hasty(CHILD_PROGRAM, {.start = 50ms, .stop = 50ms});
  CHECK(hasty.start("silent", scene.path).error().code == Errc::timeout);
}

TEST_CASE("a child that stays is killed") {
  LiveScene scene;
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
