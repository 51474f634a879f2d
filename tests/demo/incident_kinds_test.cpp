/// The applications that take part in incidents: each brings about its state, and ends well in it.
#include "tests/support/catch.h"

#include <signal.h>

#include <filesystem>

#include "exporter/demo/children.h"
#include "tests/demo/scene.h"

namespace sqlite_exporter {
namespace {

namespace fs = std::filesystem;

TEST_CASE("the busy writer fills the WAL behind a reader, and the database stays small") {
  const Scene scene;
  DemoChildren children(CHILD_PROGRAM);
  REQUIRE(children.start("busy-writer", scene.path).has_value());
  const auto reader = children.start("pinned-reader", scene.path);
  REQUIRE(reader.has_value());
  CHECK(reader_of(scene.path) == *reader);
  const auto grown = fs::file_size(scene.path + "-wal") + 100'000;
  while (fs::file_size(scene.path + "-wal") < grown) REQUIRE(is_written(scene.path + "-wal"));
  CHECK(fs::file_size(scene.path) < 200'000);
  CHECK(children.stop().has_value());
  CHECK_FALSE(fs::exists(scene.path + "-wal"));
}

TEST_CASE("at the limit the busy writer waits for a checkpoint, and goes on after it") {
  const Scene scene;
  DemoChildren children(CHILD_PROGRAM);
  REQUIRE(children.start("busy-writer", scene.path).has_value());
  REQUIRE(is_written(scene.path + "-wal"));
  const std::uintmax_t over = (64U << 20U) + 1;
  fs::resize_file(scene.path + "-wal", over);
  while (fs::file_size(scene.path + "-wal") >= over) REQUIRE(is_written(scene.path + "-wal"));
  CHECK(is_written(scene.path + "-wal"));
  CHECK(children.stop().has_value());
}

TEST_CASE("without checkpoints all that was written waits in the WAL") {
  const Scene scene;
  DemoChildren children(CHILD_PROGRAM);
  REQUIRE(children.start("no-checkpoint", scene.path).has_value());
  // Four times what SQLite begins a checkpoint at.
  while (wal_frames(scene.path) < 4000) REQUIRE(is_written(scene.path + "-wal"));
  CHECK(backfilled_frames(scene.path) == 0);
  CHECK(children.stop().has_value());
  CHECK(fs::file_size(scene.path) < 2'000'000);
  CHECK_FALSE(fs::exists(scene.path + "-wal"));
}

TEST_CASE("what the killed writer has begun is in the file, and a clean end undoes it") {
  const Scene scene;
  DemoChildren children(CHILD_PROGRAM);
  const auto writer = children.start("killed-writer", scene.path);
  REQUIRE(writer.has_value());
  CHECK(journalled_pages(scene.path) > 0);
  REQUIRE(kill(*writer, SIGTERM) == 0);
  CHECK(children.stop().has_value());
  CHECK_FALSE(fs::exists(scene.path + "-journal"));
}

TEST_CASE("who waits for the stuck writer passes over his turns until it ends") {
  const Scene scene;
  DemoChildren children(CHILD_PROGRAM);
  const auto waiting = children.start("waiting-writer", scene.path);
  REQUIRE(waiting.has_value());
  CHECK(is_written(scene.path + "-wal"));
  const auto stuck = children.start("stuck-writer", scene.path);
  REQUIRE(stuck.has_value());
  CHECK(writer_of(scene.path) == *stuck);
  const auto frames = wal_frames(scene.path);
  REQUIRE(kill(*stuck, SIGTERM) == 0);
  while (wal_frames(scene.path) <= frames) REQUIRE(is_written(scene.path + "-wal"));
  CHECK(children.stop().has_value());
  CHECK_FALSE(fs::exists(scene.path + "-wal"));
}

TEST_CASE("both end well while one holds the lock that the other waits for") {
  const Scene scene;
  DemoChildren children(CHILD_PROGRAM);
  REQUIRE(children.start("waiting-writer", scene.path).has_value());
  REQUIRE(children.start("stuck-writer", scene.path).has_value());
  CHECK(children.stop().has_value());
  CHECK_FALSE(fs::exists(scene.path + "-wal"));
}

}  // namespace
}  // namespace sqlite_exporter
