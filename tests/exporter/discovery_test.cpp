/// What plain paths and patterns find among real files.
#include "exporter/discovery.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>
#include <vector>

#include "exporter/exclude.h"
#include "tests/support/catch.h"
#include "tests/support/ciphertext.h"
#include "tests/support/discover.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path) << content;
}

const std::string kDatabase("SQLite format 3\0rest", 20);

std::vector<std::string> paths(const std::vector<Found>& found) {
  std::vector<std::string> all;
  for (const Found& one : found) all.push_back(one.path);
  return all;
}

struct Checked {
  std::vector<Found> found;
  std::optional<Error> error;  ///< the last
};

Checked databases_among(std::vector<Found> files, const CheckRules& rules) {
  Checked checked;
  for (Found& file : files) {
    const Result<Likeness> likeness = likeness_of(file, rules);
    if (!likeness)
      checked.error = likeness.error();
    else if (*likeness == Likeness::database)
      checked.found.push_back(std::move(file));
  }
  return checked;
}

TEST_CASE("a plain path is found whether it is there or not") {
  const TemporaryDirectory directory;
  const auto found = discover(entry(directory / "absent.db"));
  REQUIRE(found.size() == 1);
  CHECK(found[0].path == directory / "absent.db");
}

TEST_CASE("a symbolic link is found as its target") {
  const TemporaryDirectory directory;
  write_file(directory / "app.db", kDatabase);
  std::filesystem::create_symlink("app.db", directory / "link.db");
  const auto found = discover(entry(directory / "link.db"));
  REQUIRE(found.size() == 1);
  CHECK(found[0].matched_path == directory / "link.db");
  CHECK(found[0].path == directory / "app.db");
}

TEST_CASE("a database is found with the signs of its use") {
  const TemporaryDirectory directory;
  SqliteApplication locked(directory / "locked.db");
  locked.exec("pragma journal_mode=wal; create table t(x)");
  write_file(directory / "beside.db", kDatabase);
  write_file(directory / "beside.db-journal", "x");
  write_file(directory / "empty.db", kDatabase);
  write_file(directory / "empty.db-journal", "");
  const auto found = discover(entry(directory / "*.db"));
  REQUIRE(paths(found) == std::vector<std::string>{directory / "beside.db", directory / "empty.db",
                                                   directory / "locked.db"});
  CHECK(found[0].use == Use::companions);
  CHECK(found[1].use == Use::unseen);
  CHECK(found[2].use == Use::locked);
  for (const Found& one : found) CHECK(one.modified == status_of(one.path)->modified);
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
  CHECK(paths(discover(entry(directory / "*"))) ==
        std::vector<std::string>{directory / "a.db", directory / "b"});
}

TEST_CASE("a database that was found before stays found when its content breaks") {
  const TemporaryDirectory directory;
  write_file(directory / "a.db", "overwritten by something else");
  const std::string known = directory / "a.db";
  const auto found = discover(entry(directory / "*.db"), {known});
  CHECK(paths(found) == std::vector<std::string>{known});
}

TEST_CASE("a folder is searched, whatever its files are called") {
  const TemporaryDirectory directory;
  std::filesystem::create_directories(directory.path() / "x/y");
  write_file(directory / "x/y/a.bin", kDatabase);
  write_file(directory / "b.db", kDatabase);
  write_file(directory / "b.db-wal2", kDatabase);
  CHECK(paths(discover(entry(directory / ""))) ==
        std::vector<std::string>{directory / "b.db", directory / "x/y/a.bin"});
}

TEST_CASE("a link is a database if its target is one, and a FIFO behind it is not opened") {
  const TemporaryDirectory directory;
  write_file(directory / "real", kDatabase);
  std::filesystem::create_symlink("real", directory / "a.db");
  std::filesystem::create_symlink("nowhere", directory / "b.db");
  std::filesystem::create_symlink("fifo", directory / "c.db");
  std::filesystem::create_symlink("/dev/null", directory / "d.db");
  REQUIRE(::mkfifo((directory / "fifo").c_str(), 0600) == 0);
  const int inotify = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  REQUIRE(::inotify_add_watch(inotify, (directory / "fifo").c_str(), IN_OPEN) >= 0);
  CHECK(paths(discover(entry(directory / "*.db"))) == std::vector<std::string>{directory / "real"});
  std::array<char, 1024> events{};
  CHECK(::read(inotify, events.data(), events.size()) < 0);
  ::close(::open((directory / "fifo").c_str(), O_RDONLY | O_NONBLOCK));
  CHECK(::read(inotify, events.data(), events.size()) > 0);
  ::close(inotify);
}

TEST_CASE("two paths of one file have one identity, and hard links are counted") {
  const TemporaryDirectory directory;
  write_file(directory / "a.db", kDatabase);
  write_file(directory / "b.db", kDatabase);
  std::filesystem::create_hard_link(directory / "b.db", directory / "c.db");
  const auto named = [&](const std::string& name) {
    return Found{directory / name, directory / name};
  };
  CheckRules rules;
  rules.is_known = [&](std::string_view path) { return path == directory / "c.db"; };
  const Checked checked =
      databases_among({named("a.db"), named("a.db"), named("b.db"), named("c.db")}, rules);
  REQUIRE(checked.found.size() == 4);
  CHECK_FALSE(checked.error);
  for (const Found& found : checked.found) REQUIRE(found.identity);
  CHECK(checked.found[0].identity == checked.found[1].identity);
  CHECK_FALSE(checked.found[1].identity == checked.found[2].identity);
  CHECK(checked.found[2].identity == checked.found[3].identity);
  CHECK(checked.found[0].link_count == 1);
  CHECK(checked.found[2].link_count == 2);
  CHECK(found_at(directory / "a.db", directory / "a.db").identity == checked.found[0].identity);
  CHECK_FALSE(found_at(directory / "absent.db", directory / "absent.db").identity);
}

TEST_CASE("what is excluded is excluded behind a link, too, even if it is known") {
  const TemporaryDirectory directory;
  write_file(directory / "a.db", kDatabase);
  std::filesystem::create_symlink("a.db", directory / "link.db");
  CheckRules rules;
  rules.is_known = [](std::string_view) { return true; };
  CHECK(databases_among({{directory / "link.db", directory / "a.db"}}, rules).found.size() == 1);
  rules.is_excluded = [&](std::string_view path) { return path == directory / "a.db"; };
  CHECK(databases_among(
            {{directory / "link.db", directory / "a.db"}, {directory / "a.db", directory / "a.db"}},
            rules)
            .found.empty());
}

TEST_CASE("without descriptors the check fails: it does not find nothing") {
  const TemporaryDirectory directory;
  write_file(directory / "a.db", kDatabase);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{0, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const Checked checked = databases_among({{directory / "a.db", directory / "a.db"}}, {});
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE(checked.error);
  CHECK(checked.error->code == Errc::limit);
}

/// Encrypted whole, as SQLCipher does it; nothing tells it from other noise.
void write_noise(const std::string& path, std::size_t size = 8192) {
  write_file(path, std::string(size, '\0'));
  encrypt_file(path);
}

struct Walked {
  std::vector<std::string> paths;
  std::size_t noise = 0;
};

Walked walked(const std::string& folder) {
  Discoverer discoverer("", nullptr);
  discoverer.configure({entry(folder)}, {});
  run_due(discoverer);
  return {paths(discoverer.findings().at(0).value_or(std::vector<Found>())),
          discoverer.status().noise_files};
}

TEST_CASE("noise is no database, and counted if it looks like an encrypted one") {
  const TemporaryDirectory directory;
  write_noise(directory / "a.db");
  write_noise(directory / "b.bin");
  write_noise(directory / "c.bin", 8191);
  write_noise(directory / "a.db-wal");
  write_file(directory / "notes.txt", "text");
  const Walked found = walked(directory / "");
  CHECK(found.paths.empty());
  CHECK(found.noise == 2);
}

TEST_CASE("an encrypted database is found by what is plain of it or beside it") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  const std::vector<std::string> found = {path};
  SECTION("the page size") {
    app.exec("create table t(x)");
    encrypt_file(path, 24);
    encrypt_file(path, 0, 1, 16);
    CHECK(walked(directory / "").paths == found);
  }
  SECTION("a -wal, of a live application or after a crash") {
    app.exec("pragma journal_mode=wal");
    app.exec("create table t(x)");
    encrypt_file(path);
    CHECK(walked(directory / "").paths == found);
    app.kill();
    CHECK(walked(directory / "").paths == found);
    encrypt_file(path + "-wal");
    const Walked none = walked(directory / "");
    CHECK(none.paths.empty());
    CHECK(none.noise == 1);
  }
  SECTION("locks, where a VFS encrypts the -wal as well") {
    app.exec("pragma journal_mode=wal");
    app.exec("create table t(x)");
    encrypt_file(path);
    encrypt_file(path + "-wal");
    CHECK(walked(directory / "").paths == found);
  }
  SECTION("a -journal of a transaction that has spilled") {
    app.exec("create table t(x); pragma cache_size=1");
    app.exec(
        "begin; insert into t select randomblob(3000) from (with recursive n(i) as "
        "(select 1 union all select i+1 from n limit 200) select i from n)");
    app.kill();
    encrypt_file(path);
    CHECK(walked(directory / "").paths == found);
  }
}

TEST_CASE("a newer format and Turso's encrypted databases are found by their magic") {
  const TemporaryDirectory directory;
  write_file(directory / "a.db", std::string("SQLite format 3\0\x10\0\xff\xff", 20));
  write_file(directory / "b.db", std::string("Turso\0\x03", 7) + std::string(4089, 'x'));
  CHECK(walked(directory / "").paths ==
        std::vector<std::string>{directory / "a.db", directory / "b.db"});
}

TEST_CASE("an excluding glob matches slashes, and all that is below a folder") {
  const std::vector<std::string> globs = {"/data/*/cache", "*.tmp", "/srv/x*"};
  CHECK(is_excluded_itself(globs, "/data/a/b/cache"));
  CHECK_FALSE(is_excluded_itself(globs, "/data/a/b/cache/x.db"));
  CHECK(is_excluded(globs, "/data/a/b/cache/x.db"));
  CHECK(is_excluded(globs, "/home/a.tmp"));
  CHECK(is_excluded(globs, "/srv/x"));
  CHECK(is_excluded(globs, "/srv/x.d/.hidden/y.db"));
  CHECK_FALSE(is_excluded(globs, "/srv/y"));
  CHECK_FALSE(is_excluded({}, "/srv/x"));
}

TEST_CASE("a pattern that matches nothing finds nothing") {
  const TemporaryDirectory directory;
  CHECK(discover(entry(directory / "*/*.db")).empty());
}

}  // namespace
}  // namespace sqlite_exporter::test
