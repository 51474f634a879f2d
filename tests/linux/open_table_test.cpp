/// What the processes of the node have open, as the table of all descriptors has it.
#include "collectors/linux/open_table.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/child_process.h"
#include "tests/support/locks.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::ChildProcess;
using test::held_open;
using test::TemporaryDirectory;

OpenTable read_table(OpenTableRequest request = {}) {
  Result<OpenTable> table = OpenTable::read(request);
  REQUIRE(table);
  return std::move(*table);
}

FileIdentity identity_of(const std::string& path) {
  const auto status = status_of(path);
  REQUIRE(status);
  return status->identity;
}

TEST_CASE("a file is found by whoever has it open, and how, under any name") {
  const TemporaryDirectory directory;
  const std::string path = directory / "f";
  std::ofstream(path) << "x";
  const ChildProcess writer([&] { return held_open(path) >= 0; });
  const ChildProcess reader([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC) >= 0; });
  std::filesystem::create_hard_link(path, directory / "g");
  const OpenTable table = read_table();
  const auto uses = table.of_file(identity_of(directory / "g"));
  REQUIRE(uses.size() == 2);
  for (const OpenUse& use : uses) {
    CHECK(use.writable == (use.pid == writer.pid()));
    CHECK(use.link == path);
    CHECK(file_behind("/proc", use)->size == 1);
  }
  CHECK(std::ranges::any_of(table.of_process(reader.pid()),
                            [&](const OpenUse* use) { return use->link == path; }));
  CHECK(table.of_file({0, 0}).empty());
  CHECK(table.of_process(::getpid()).empty());  // the reader is nobody
}

TEST_CASE("a deleted file says so, and whether it was written to since") {
  const TemporaryDirectory directory;
  const std::string path = directory / "f";
  std::ofstream(path) << "x";
  const ChildProcess child([&] { return held_open(path) >= 0; });
  const FileIdentity file = identity_of(path);
  const int own = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  REQUIRE(own >= 0);
  std::filesystem::remove(path);
  const OpenTable table = read_table();
  const auto uses = table.of_file(file);
  REQUIRE(uses.size() == 1);
  CHECK(name_before_deletion(uses[0].link) == path);
  REQUIRE(::write(own, "yy", 2) == 2);
  ::close(own);
  const auto now = file_behind("/proc", uses[0]);
  REQUIRE(now);
  CHECK(now->written_last);
  CHECK(now->size == 2);
  CHECK(name_before_deletion(path).empty());
}

TEST_CASE("a descriptor that leads elsewhere by now is not what it was") {
  const TemporaryDirectory directory;
  const std::string path = directory / "f";
  std::ofstream(path) << "x";
  const FileIdentity file = identity_of(path);
  OpenUse use;
  {
    const ChildProcess child([&] { return held_open(path) >= 0; });
    const OpenTable table = read_table();
    REQUIRE(table.of_file(file).size() == 1);
    use = table.of_file(file)[0];
    OpenUse other = use;
    other.file = identity_of(directory / ".");
    CHECK_FALSE(file_behind("/proc", other));
  }
  CHECK_FALSE(file_behind("/proc", use));  // it has ended
}

TEST_CASE("what a limit or a request leaves out is not complete, or not there") {
  const TemporaryDirectory directory;
  const std::string path = directory / "f";
  std::ofstream(path) << "x";
  const ChildProcess child([&] { return held_open(path) >= 0; });
  OpenTableRequest request;
  request.left_out = {child.pid()};
  CHECK(read_table(request).of_file(identity_of(path)).empty());
  request = {};
  request.most_uses = 0;
  CHECK_FALSE(read_table(request).complete());
  request = {};
  request.most_descriptors = 1;
  CHECK_FALSE(read_table(request).complete());
  request = {};
  request.most_processes = 1;
  CHECK_FALSE(read_table(request).complete());
  request.procfs = directory / "nothing";
  CHECK_FALSE(OpenTable::read(request));
}

TEST_CASE("a procfs that does not show all processes may miss writers of what others own") {
  const TemporaryDirectory directory;
  std::filesystem::create_directories(directory / "1/fd");
  OpenTableRequest request;
  request.procfs = directory.path().string();
  FileStatus ours;
  ours.uid = ::geteuid();
  ours.mode = 0644;
  FileStatus of_others = ours;
  of_others.uid = ours.uid + 1;
  FileStatus of_a_group = ours;
  of_a_group.mode = 0660;
  CHECK_FALSE(read_table(request).misses_writers_of(ours));
  CHECK(read_table(request).misses_writers_of(of_others));
  CHECK(read_table(request).misses_writers_of(of_a_group));
  std::filesystem::create_directories(directory / "2/fd");
  std::ofstream(directory / "2/comm") << "kthreadd\n";
  CHECK_FALSE(read_table(request).misses_writers_of(of_others));
  CHECK_FALSE(read_table(request).misses_writers_of(of_a_group));
}

TEST_CASE("those who ask at the same time share one table") {
  OpenTableCache cache(std::chrono::hours(1));
  const auto before = OpenTableCache::Clock::now();
  const auto first = cache.get({}, before);
  REQUIRE(first);
  CHECK(first->begun() >= before);
  CHECK(cache.get({}, before) == first);
  // Not within the period: who wants a newer one sees that this one is not.
  const auto later = OpenTableCache::Clock::now();
  CHECK(cache.get({}, later) == first);
  OpenTableCache eager(std::chrono::seconds(0));
  const auto old = eager.get({}, before);
  CHECK(eager.get({}, OpenTableCache::Clock::now()) != old);
}

}  // namespace
}  // namespace sqlite_exporter
