/// Whose version decides on the WAL-reset bug: that of the holders, or that of the header.
#include "collectors/wal_reset.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/holder_libraries.h"
#include "collectors/sqlite/known_bug.h"
#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

constexpr HolderVersions kFixed{true, false, {}};
constexpr HolderVersions kUnknown{};
constexpr HolderVersions kPending{false, true, {}};
constexpr HolderVersions kAffected{true, false, 3050004};
constexpr HolderVersions kOneAffected{false, false, 3050004};
constexpr WalResetBug kOfHolder{3050004, true};
constexpr WalResetBug kOfHeader{3040001, false};

DatabaseHeader written_by(std::uint32_t version) {
  DatabaseHeader header;
  header.sqlite_version_number = version;
  return header;
}

const DatabaseHeader kOld = written_by(3040001);
const DatabaseHeader kNew = written_by(3051003);

TEST_CASE("versions of holders decide, and the header where they are not known") {
  WalResetWatch watch;
  CHECK_FALSE(watch.judge(kFixed, kOld));
  CHECK(watch.judge(kAffected, kNew) == kOfHolder);
  CHECK(watch.judge(kOneAffected, kNew) == kOfHolder);
  CHECK(watch.judge(kAffected, std::nullopt) == kOfHolder);
  CHECK(WalResetWatch().judge(kUnknown, kOld) == kOfHeader);
  CHECK_FALSE(WalResetWatch().judge(kUnknown, kNew));
  CHECK_FALSE(WalResetWatch().judge(kUnknown, std::nullopt));
}

TEST_CASE("nothing is said of Turso's databases") {
  DatabaseHeader header = kOld;
  header.by_turso = true;
  CHECK_FALSE(WalResetWatch().judge(kAffected, header));
  CHECK_FALSE(WalResetWatch().judge(kUnknown, header));
  CHECK_FALSE(wal_reset_bug_of(header));
}

TEST_CASE("a process that comes changes nothing before it was asked") {
  WalResetWatch watch;
  CHECK_FALSE(watch.judge(kPending, kOld));
  CHECK_FALSE(watch.judge(kFixed, kOld));
  CHECK_FALSE(watch.judge(kPending, kOld));
  CHECK_FALSE(watch.judge(kPending, kOld));
  CHECK(watch.judge(kAffected, kNew) == kOfHolder);
  CHECK(watch.judge(kPending, kNew) == kOfHolder);
  CHECK_FALSE(watch.judge(kFixed, kNew));
}

TEST_CASE("a list that is not complete for one look changes nothing, for two it does") {
  WalResetWatch watch;
  CHECK_FALSE(watch.judge(kFixed, kOld));
  CHECK_FALSE(watch.judge(kUnknown, kOld));
  CHECK_FALSE(watch.judge(kFixed, kOld));
  CHECK_FALSE(watch.judge(kUnknown, kOld));
  CHECK(watch.judge(kUnknown, kOld) == kOfHeader);
  CHECK_FALSE(watch.judge(kFixed, kOld));
}

/// What the processes of a database are said to run, each by one answer for all of them.
struct Scene {
  TemporaryDirectory directory;
  SqliteApplication writer{directory / "app.db"};
  std::optional<SqliteApplication> other;
  Observer observer{directory / "app.db"};

  Scene() {
    writer.exec("pragma journal_mode=wal; create table t(x)");
    other.emplace(directory / "app.db");
    other->query("select count(*) from t");
  }

  void have_them_run(HolderLibraries::Ask ask) {
    observer.node().libraries = std::make_shared<HolderLibraries>(
        [](HolderLibraries::Work work) {
          work();
          return true;
        },
        HolderLibraries::Clock::duration(), std::move(ask));
    observer.sample();
    observer.read_locks();
  }
  bool told() {
    return observer.line("sqlite_engine_known_bug").find("wal_reset") != std::string::npos;
  }
};

HolderLibraries::Ask run(std::vector<std::uint32_t> versions) {
  return [=](const std::string&, const ProgramId&, CodeCache&) { return versions; };
}

TEST_CASE("of two processes with a fixed library nothing is told, whatever the header says") {
  Scene scene;
  scene.have_them_run(run({3051003}));
  const Look look = scene.observer.look();
  REQUIRE(look.header);
  REQUIRE(has_wal_reset_bug(*look.header));
  CHECK_FALSE(look.wal_reset_bug);
  CHECK_FALSE(scene.told());
}

TEST_CASE("one process with the bug is enough") {
  Scene scene;
  const int pid = scene.other->pid();
  scene.have_them_run([pid](const std::string&, const ProgramId& program, CodeCache&) {
    return std::vector<std::uint32_t>{program.pid == pid ? 3050004U : 3051003U};
  });
  CHECK(scene.observer.look().wal_reset_bug == kOfHolder);
  CHECK(scene.told());
}

TEST_CASE("a process with two libraries counts if they agree") {
  Scene scene;
  SECTION("both have it") {
    scene.have_them_run(run({3050004, 3040001}));
    CHECK(scene.observer.look().wal_reset_bug == kOfHolder);
  }
  SECTION("neither has it") {
    scene.have_them_run(run({3051003, 3052000}));
    CHECK_FALSE(scene.observer.look().wal_reset_bug);
  }
  SECTION("one has it: the header decides") {
    scene.have_them_run(run({3051003, 3040001}));
    const auto bug = scene.observer.look().wal_reset_bug;
    REQUIRE(bug);
    CHECK_FALSE(bug->of_holder);
  }
}

TEST_CASE("one process alone is asked by who wants to know of its connections, too") {
  Scene scene;
  scene.other->close();
  scene.have_them_run(run({3051003}));
  CHECK(scene.observer.look().wal_reset_bug);
  scene.observer.node().least_holders = 1;
  CHECK_FALSE(scene.observer.look().wal_reset_bug);
}

TEST_CASE("the real processes run what their SQLite says") {
  Scene scene;
  scene.have_them_run(sqlite_of);
  const auto bug = scene.observer.look().wal_reset_bug;
  const Look look = scene.observer.look();
  REQUIRE(look.header);
  REQUIRE(look.header->sqlite_version_number != 0);
  if (!has_wal_reset_bug(look.header->sqlite_version_number)) {
    CHECK_FALSE(bug);
    return;
  }
  REQUIRE(bug);
  CHECK(*bug == WalResetBug{look.header->sqlite_version_number, true});
}

}  // namespace
}  // namespace sqlite_exporter::test
