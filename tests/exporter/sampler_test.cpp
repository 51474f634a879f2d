/// The sampler thread over real databases: it sees what they commit, and lets go of them.
#include "exporter/sampler.h"

#include "tests/support/await.h"
#include "tests/support/catch.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

void open_wal(SqliteApplication& app) {
  app.exec("pragma journal_mode=wal");
  app.exec("create table t(x)");
}

TEST_CASE("a watched database is sampled from its baseline on") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  open_wal(app);
  Sampler sampler;
  const auto cell = std::make_shared<SampleCell>();
  sampler.watch(cell, directory / "app.db", "/");
  REQUIRE(await([&] { return cell->get().attached; }));
  CHECK(cell->get().totals.transactions == 0);
  for (int i = 0; i < 5; ++i) app.exec("insert into t values (1)");
  CHECK(await([&] { return cell->get().totals.transactions == 5; }));
  CHECK(cell->get().last_commit > 0);
  app.close();
  CHECK(await([&] { return !cell->get().attached && cell->get().held == nullptr; }));
}

TEST_CASE("a forgotten database is sampled no more") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  open_wal(app);
  SqliteApplication other(directory / "other.db");
  open_wal(other);
  Sampler sampler;
  const auto cell = std::make_shared<SampleCell>();
  const auto other_cell = std::make_shared<SampleCell>();
  sampler.watch(cell, directory / "app.db", "/");
  sampler.watch(other_cell, directory / "other.db", "/");
  REQUIRE(await([&] { return cell->get().attached && other_cell->get().attached; }));
  sampler.forget(cell);
  // A look that has begun still holds the cell.
  REQUIRE(await([&] { return cell.use_count() == 1; }));
  app.exec("insert into t values (1)");
  other.exec("insert into t values (1)");
  REQUIRE(await([&] { return other_cell->get().totals.transactions == 1; }));
  CHECK(cell->get().totals.transactions == 0);
}

TEST_CASE("a database that does not exist yet is waited for") {
  const TemporaryDirectory directory;
  Sampler sampler;
  const auto cell = std::make_shared<SampleCell>();
  sampler.watch(cell, directory / "app.db", "/");
  REQUIRE(await([&] { return sampler.looks() > 0; }));
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal");
  app.exec("create table t(x)");
  CHECK(await([&] { return cell->get().totals.transactions == 1; }));
}

}  // namespace
}  // namespace sqlite_exporter::test
