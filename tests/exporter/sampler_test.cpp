/// The sampler thread over real databases: it sees what they commit, and lets go of them.
#include "exporter/sampler.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/await.h"
#include "tests/support/catch.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

const Filesystem kRoot{1, "/"};

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
  sampler.watch(cell, directory / "app.db", kRoot);
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
  sampler.watch(cell, directory / "app.db", kRoot);
  sampler.watch(other_cell, directory / "other.db", kRoot);
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
  sampler.watch(cell, directory / "app.db", kRoot);
  REQUIRE(await([&] { return sampler.looks() > 0; }));
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal");
  app.exec("create table t(x)");
  CHECK(await([&] { return cell->get().totals.transactions == 1; }));
}

/// Many watchers of one database: each costs what a database costs.
std::vector<std::shared_ptr<SampleCell>> watch_often(Sampler& sampler, const std::string& path) {
  std::vector<std::shared_ptr<SampleCell>> cells(200);
  for (auto& cell : cells) {
    cell = std::make_shared<SampleCell>();
    sampler.watch(cell, path, kRoot);
  }
  return cells;
}

TEST_CASE("over the budget samples are taken less often, and again once the load is gone") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  open_wal(app);
  app.start({.work = "insert into t values (1)", .period = std::chrono::milliseconds(20)});
  Sampler sampler(CpuBudget(0.001, std::chrono::seconds(1)));
  REQUIRE(sampler.slowdown() == 1);
  const auto cells = watch_often(sampler, directory / "app.db");
  CHECK(await([&] { return sampler.slowdown() > 2; }));
  CHECK(sampler.cpu_seconds() > 0);
  for (const auto& cell : cells) sampler.forget(cell);
  CHECK(await([&] { return sampler.slowdown() == 1; }));
  app.stop();
}

TEST_CASE("a stretched period is told to the full look") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  open_wal(app);
  const auto usual = Sample().next_within;
  Sampler sampler(CpuBudget(1e-5, std::chrono::seconds(4)));
  const auto cells = watch_often(sampler, directory / "app.db");
  CHECK(await([&] { return cells[0]->get().next_within > usual; }));
  sampler.set_budget(CpuBudget(1));
  CHECK(await([&] { return cells[0]->get().next_within == usual; }));
}

TEST_CASE("what full looks use counts as well") {
  const TemporaryDirectory directory;
  const auto cpu_time = std::make_shared<CpuTime>();
  Sampler sampler(CpuBudget(0.5, std::chrono::seconds(1)), cpu_time);
  const auto cell = std::make_shared<SampleCell>();
  sampler.watch(cell, directory / "absent.db", kRoot);
  CHECK(await([&] {
    cpu_time->add(std::chrono::milliseconds(2));
    return sampler.slowdown() > 1;
  }));
  CHECK(await([&] { return sampler.slowdown() == 1; }));
}

}  // namespace
}  // namespace sqlite_exporter::test
