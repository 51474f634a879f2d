/// Incidents as they are caused: the table, the kill, the replaced file.
#include "exporter/demo/cause.h"

#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>

#include "tests/demo/scene.h"
#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

namespace fs = std::filesystem;

struct Caused {
  Scene scene;
  DemoChildren children{CHILD_PROGRAM};
  std::string path;

  explicit Caused(const std::string& name) : path(scene.folder.path()) {
    path.append("/").append(name).append(".db");
    const Result<void> caused = cause(*find_incident(name).value(), children, scene.folder.path());
    REQUIRE(caused.has_value());
  }
};

ino_t inode_of(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

TEST_CASE("an incident is found by its name, and an unknown one names the others") {
  CHECK(incident_names() ==
        "forgotten-reader, no-checkpoint, killed-writer, replaced-file, stuck-writer");
  for (const Incident& incident : all_incidents())
    CHECK(find_incident(incident.name).value() == &incident);
  const auto unknown = find_incident("x\ny");
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().code == Errc::config);
  CHECK(unknown.error().message ==
        "there is no incident \"x\\x0ay\"; there are forgotten-reader, no-checkpoint, "
        "killed-writer, replaced-file, stuck-writer");
}

TEST_CASE("each alert of an incident has its runbook") {
  for (const Incident& incident : all_incidents()) {
    CAPTURE(incident.alert);
    std::string runbook = SOURCE_DIR "/docs/runbooks/";
    CHECK(fs::exists(runbook.append(incident.alert).append(".md")));
  }
}

TEST_CASE("the forgotten reader reads, and the writer beside it writes") {
  Caused incident("forgotten-reader");
  CHECK(reader_of(incident.path) > 0);
  CHECK(is_written(incident.path + "-wal"));
  CHECK(incident.children.stop().has_value());
}

TEST_CASE("the killed writer leaves a journal that the next one rolls back") {
  Caused incident("killed-writer");
  CHECK(journalled_pages(incident.path) > 0);
  CHECK(incident.children.stop().has_value());
  CHECK(journalled_pages(incident.path) > 0);
  REQUIRE(incident.children.run("rollback", incident.path).has_value());
  CHECK_FALSE(fs::exists(incident.path + "-journal"));
}

TEST_CASE("the file is replaced under an application that goes on writing") {
  Caused incident("replaced-file");
  CHECK(byte_at(incident.path, kWriteVersionOffset) == 2);
  const ino_t replaced = inode_of(incident.path);
  CHECK(is_written(incident.path + "-wal"));
  CHECK(inode_of(incident.path) == replaced);
  CHECK_FALSE(fs::exists(incident.path + ".restored"));
  CHECK(incident.children.stop().has_value());
}

TEST_CASE("the writer that is stuck holds the lock") {
  Caused incident("stuck-writer");
  CHECK(writer_of(incident.path) > 0);
  CHECK(incident.children.stop().has_value());
}

TEST_CASE("an incident that cannot be caused is an error") {
  DemoChildren children(CHILD_PROGRAM);
  for (const Incident& incident : all_incidents()) {
    const Result<void> caused = cause(incident, children, "/no/such/folder");
    REQUIRE_FALSE(caused.has_value());
    CHECK(caused.error().code == Errc::internal);
  }
}

TEST_CASE("one that is killed on purpose is gone, and no error") {
  const Scene scene;
  DemoChildren children(CHILD_PROGRAM);
  REQUIRE(children.start("wal", scene.path).has_value());
  const auto last = children.start("pinned-reader", scene.path);
  REQUIRE(last.has_value());
  children.kill_last();
  CHECK(kill(*last, 0) == -1);
  CHECK(errno == ESRCH);
  CHECK(is_written(scene.path + "-wal"));
  CHECK(children.stop().has_value());
}

TEST_CASE("one that is run to its end leaves a database that nobody has open") {
  const Scene scene;
  DemoChildren children(CHILD_PROGRAM);
  REQUIRE(children.run("wal", scene.path).has_value());
  CHECK(byte_at(scene.path, kWriteVersionOffset) == 2);
  CHECK_FALSE(fs::exists(scene.path + "-wal"));
  CHECK(children.run("no-such-kind", scene.path).error().code == Errc::internal);
}

}  // namespace
}  // namespace sqlite_exporter
