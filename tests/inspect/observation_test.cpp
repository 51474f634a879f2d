/// Real databases under inspection: what two looks agree on.
#include "exporter/inspect/observation.h"

#include <filesystem>

#include "exporter/inspect/holders.h"
#include "tests/support/catch.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWal = "pragma journal_mode=wal; pragma wal_autocheckpoint=0";

TEST_CASE("an old reader is one that both looks saw") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x); insert into t values (1), (2)");
  SqliteApplication reader(directory / "app.db");
  reader.step("select x from t");
  app.exec("insert into t values (3)");
  Inspection inspection(directory / "app.db", false);
  inspection.sample();
  inspection.look();
  REQUIRE(inspection.observation().look);
  REQUIRE(readers_of(inspection.observation()).size() == 1);
  CHECK_FALSE(readers_of(inspection.observation())[0].old);
  inspection.look();
  const std::vector<HeldReader> readers = readers_of(inspection.observation());
  REQUIRE(readers.size() == 1);
  CHECK(readers[0].old);
  CHECK(readers[0].pinned_frames == 1);
  CHECK(readers[0].processes[0].pid == reader.pid());
  reader.finish();
  inspection.look();
  CHECK(readers_of(inspection.observation()).empty());
}

TEST_CASE("a database deleted under its application is in use, once both looks saw it") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  fs::remove(directory / "app.db");
  Inspection inspection(directory / "app.db", false);
  inspection.look();
  const auto orphaned = [&] {
    return inspection.observation().look->states.contains(DatabaseState::orphaned);
  };
  CHECK_FALSE(orphaned());
  inspection.look();
  CHECK(orphaned());
  app.kill();
  inspection.look();
  CHECK_FALSE(orphaned());
}

TEST_CASE("rates are told while it is watched, in both journal modes") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  const bool wal = GENERATE(true, false);
  if (wal) app.exec(kWal);
  app.exec("create table t(x)");
  Inspection inspection(directory / "app.db", true);
  inspection.look();
  CHECK_FALSE(inspection.observation().rates);
  app.exec("insert into t values (1)");
  inspection.look();
  REQUIRE(inspection.observation().rates);
  CHECK(inspection.observation().rates->transactions_per_second > 0);
  CHECK((inspection.observation().rates->frames_per_second > 0) == wal);
  inspection.look();
  CHECK(inspection.observation().rates->transactions_per_second == 0);
}

TEST_CASE("a relative path and a symbolic link lead to the database") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kWal);
  app.exec("create table t(x)");
  fs::create_symlink("app.db", directory / "link.db");
  Inspection inspection(directory / "link.db", false);
  inspection.look();
  REQUIRE(inspection.observation().look);
  CHECK(inspection.observation().path == directory / "link.db");
  CHECK(inspection.observation().look->path == fs::canonical(directory / "app.db").string());
  CHECK(inspection.observation().look->index);
  CHECK_FALSE(inspection.observation().look->sample.held);
}

TEST_CASE("what is no file is an error, and gets well again") {
  const TemporaryDirectory directory;
  fs::create_directory(directory / "app.db");
  Inspection inspection(directory / "app.db", false);
  inspection.sample();
  inspection.look();
  REQUIRE(inspection.observation().error);
  CHECK(inspection.observation().error->code == Errc::unsupported);
  CHECK_FALSE(inspection.observation().look);
  fs::remove(directory / "app.db");
  inspection.look();
  REQUIRE(inspection.observation().look);
  CHECK(inspection.observation().look->states.contains(DatabaseState::absent));
}

}  // namespace
}  // namespace sqlite_exporter::test
