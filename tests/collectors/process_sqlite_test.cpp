/// Which SQLite real processes run: with Debian's library, with none, with one that hides.
#include "collectors/process_sqlite.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "collectors/linux/process.h"
#include "collectors/sqlite/version_text.h"
#include "tests/support/await.h"
#include "tests/support/catch.h"
#include "tests/support/child_process.h"
#include "tests/support/elf_fixtures.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

using Versions = std::vector<std::uint32_t>;

ProgramId program_of(int pid) {
  const Result<ProcessStat> stat = read_process_stat("/proc", pid);
  REQUIRE(stat);
  return {pid, stat->start_ticks, stat->stack_start};
}

/// A moment in which it waits for a disk is not the one that is tested.
Result<Versions> asked(const ProgramId& program, CodeCache& cache) {
  Result<Versions> versions;
  REQUIRE(await([&] {
    versions = sqlite_of("/proc", program, cache);
    return versions || versions.error().code != Errc::busy;
  }));
  return versions;
}

TEST_CASE("a program with a library of SQLite has its version") {
  const TemporaryDirectory directory;
  SqliteApplication application(directory / "app.db");
  CodeCache cache;
  const auto expected = parse_sqlite_version(application.query("select sqlite_version()"));
  REQUIRE(expected);
  // The second time out of the cache.
  for (int time = 0; time < 2; ++time) {
    const auto versions = asked(program_of(application.pid()), cache);
    REQUIRE(versions);
    CHECK(*versions == Versions{*expected});
  }
}

TEST_CASE("a program that may have SQLite and shows no version has none") {
  CodeCache cache;
  // This one has the first bytes of a database, as a stripped library or Turso has.
  const ChildProcess child([] { return true; });
  const auto versions = asked(program_of(child.pid()), cache);
  REQUIRE(versions);
  CHECK(versions->empty());
}

TEST_CASE("another program under the pid is not asked") {
  const ChildProcess child([] { return true; });
  CodeCache cache;
  ProgramId earlier = program_of(child.pid());
  ++earlier.start_ticks;
  ProgramId executed = program_of(child.pid());
  ++executed.stack_start;
  for (const ProgramId& program : {earlier, executed}) {
    const auto versions = asked(program, cache);
    REQUIRE_FALSE(versions);
    CHECK(versions.error().code == Errc::no_data);
  }
}

TEST_CASE("a process that sleeps uninterruptibly is not asked") {
  const TemporaryDirectory procfs;
  std::filesystem::create_directory(procfs / "7");
  std::ofstream(procfs / "7/stat")
      << "7 (app) D 1 7 7 0 -1 4194560 5000 0 12 0 341 58 0 0 20 0 9 0 55 987654321 2048"
         " 18446744073709551615 1 1 66 0 0\n";
  CodeCache cache;
  const auto versions = sqlite_of(procfs.path(), {7, 55, 66}, cache);
  REQUIRE_FALSE(versions);
  CHECK(versions.error().code == Errc::busy);  // and not that there is no `maps`
}

TEST_CASE("what a file has of SQLite") {
  const auto found = [](const ElfFixture& fixture) {
    return sqlite_in(MemoryReader(elf_file(fixture)));
  };
  ElfFixture fixture;
  CHECK(found(fixture) == CodeSqlite{true, 3040001});
  fixture.more = "SQLite format 3";
  CHECK(found(fixture) == CodeSqlite{true, 3040001});
  fixture.text = std::string("unknown\0", 8);
  CHECK(found(fixture) == CodeSqlite{true, {}});
  fixture.symbol = "stripped";
  CHECK(found(fixture) == CodeSqlite{true, {}});
  fixture.more = "";
  CHECK(found(fixture) == CodeSqlite{false, {}});
  fixture.link = 99;  // what cannot be read may have some
  CHECK(found(fixture) == CodeSqlite{true, {}});
  CHECK(sqlite_in(MemoryReader(Buffer(100))) == CodeSqlite{false, {}});
}

TEST_CASE("2,048 files are remembered, each as it was") {
  CodeCache cache;
  FileVersion version;
  for (std::uint64_t inode = 0; inode < 5000; ++inode) {
    version.file.inode = inode;
    cache.keep(version, {true, 3040001});
    REQUIRE(cache.find(version) == CodeSqlite{true, 3040001});
  }
  ++version.changed_ns;
  CHECK_FALSE(cache.find(version));
  version.file.inode = 0;
  --version.changed_ns;
  CHECK_FALSE(cache.find(version));
}

}  // namespace
}  // namespace sqlite_exporter::test
