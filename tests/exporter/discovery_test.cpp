/// What plain paths and patterns find among real files.
#include "exporter/discovery.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

bool nothing_known(std::string_view) { return false; }

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path) << content;
}

const std::string kDatabase("SQLite format 3\0rest", 20);

DatabaseConfig entry(const std::string& path) {
  DatabaseConfig config;
  config.path = path;
  return config;
}

std::vector<std::string> paths(const std::vector<Found>& found) {
  std::vector<std::string> all;
  for (const Found& one : found) all.push_back(one.path);
  return all;
}

TEST_CASE("a plain path is found whether it is there or not") {
  const TemporaryDirectory directory;
  const auto found = discover(entry(directory / "absent.db"), nothing_known);
  REQUIRE(found.size() == 1);
  CHECK(found[0].path == directory / "absent.db");
}

TEST_CASE("a symbolic link is found as its target") {
  const TemporaryDirectory directory;
  write_file(directory / "app.db", kDatabase);
  std::filesystem::create_symlink("app.db", directory / "link.db");
  const auto found = discover(entry(directory / "link.db"), nothing_known);
  REQUIRE(found.size() == 1);
  CHECK(found[0].matched_path == directory / "link.db");
  CHECK(found[0].path == directory / "app.db");
}

TEST_CASE("a pattern finds databases by their first bytes, not by their names") {
  const TemporaryDirectory directory;
  write_file(directory / "a.db", kDatabase);
  write_file(directory / "b", kDatabase);
  write_file(directory / "notes.db", "not a database at all");
  write_file(directory / "empty.db", "");
  write_file(directory / "a.db-wal", kDatabase);
  write_file(directory / "a.db-shm", kDatabase);
  write_file(directory / "a.db-journal", kDatabase);
  std::filesystem::create_directory(directory / "folder.db");
  REQUIRE(::mkfifo((directory / "fifo.db").c_str(), 0600) == 0);
  CHECK(paths(discover(entry(directory / "*"), nothing_known)) ==
        std::vector<std::string>{directory / "a.db", directory / "b"});
}

TEST_CASE("a database that was found before stays found when its content breaks") {
  const TemporaryDirectory directory;
  write_file(directory / "a.db", "overwritten by something else");
  const std::string known = directory / "a.db";
  const auto found =
      discover(entry(directory / "*.db"), [&](std::string_view path) { return path == known; });
  CHECK(paths(found) == std::vector<std::string>{known});
}

TEST_CASE("a pattern that matches nothing finds nothing") {
  const TemporaryDirectory directory;
  CHECK(discover(entry(directory / "*/*.db"), nothing_known).empty());
}

}  // namespace
}  // namespace sqlite_exporter::test
