/// Journals of transactions that are over before anybody could look.
#include "collectors/journal_watch.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

void fill(SqliteApplication& app, const std::string& mode) {
  app.exec("pragma journal_mode=" + mode + "; create table t(x); insert into t values (1)");
}

TEST_CASE("a transaction that was rolled back or committed is seen by its journal") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  fill(app, GENERATE("delete", "truncate", "persist"));
  JournalWatch watch(std::make_shared<CreatedFiles>());
  CHECK_FALSE(watch.begun(path));  // from now on
  CHECK_FALSE(watch.begun(path));
  const std::string end = GENERATE("rollback", "commit");
  app.exec("begin; insert into t values (2); " + end);
  CHECK(watch.begun(path));
  CHECK_FALSE(watch.begun(path));
  CHECK(app.query("select max(x) from t") == (end == "commit" ? "2" : "1"));
  app.exec("begin immediate; commit");
  CHECK_FALSE(watch.begun(path));  // it wrote nothing
  watch.forget();
  app.exec("insert into t values (3)");
  CHECK_FALSE(watch.begun(path));
}

TEST_CASE("other files of the folder are none of its journals") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  fill(app, "delete");
  const auto created = std::make_shared<CreatedFiles>();
  JournalWatch watch(created);
  JournalWatch other_watch(created);
  watch.begun(path);
  SqliteApplication other(directory / "other-app.db");
  other_watch.begun(directory / "other-app.db");
  fill(other, "delete");
  std::ofstream(directory / "app.db-journal2") << "x";
  CHECK_FALSE(watch.begun(path));
  CHECK(other_watch.begun(directory / "other-app.db"));
  // Both follow the same folder: one that leaves takes nothing from the other.
  other_watch.forget();
  app.exec("insert into t values (2)");
  CHECK(watch.begun(path));
}

TEST_CASE("a folder that goes is followed no more, and the next of its name is") {
  const TemporaryDirectory directory;
  const std::string folder = directory / "data";
  const std::string path = folder + "/app.db";
  JournalWatch watch(std::make_shared<CreatedFiles>());
  std::filesystem::create_directory(folder);
  watch.begun(path);
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  CHECK_FALSE(watch.begun(path));
  watch.forget();
  watch.begun(path);
  SqliteApplication app(path);
  fill(app, "delete");
  CHECK(watch.begun(path));
}

TEST_CASE("without events a journal that stays is seen all the same") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  fill(app, "persist");
  JournalWatch watch(nullptr);
  watch.begun(path);
  CHECK_FALSE(watch.begun(path));
  app.exec("insert into t values (2)");
  CHECK(watch.begun(path));
}

}  // namespace
}  // namespace sqlite_exporter::test
