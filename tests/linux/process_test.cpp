/// Processes: of a procfs written by hand, of this machine, and those that are gone.
#include "tests/support/catch.h"

#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "collectors/linux/process.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::ChildProcess;
using test::TemporaryDirectory;

constexpr const char* kStat =
    "77 (a) S 1 77 77 0 -1 4194560 5000 0 12 0 341 58 0 0 20 0 9 0 123456 987654321 2048\n";

class FakeProcfs {
 public:
  FakeProcfs() { std::filesystem::create_directories(directory_.path() / "77"); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ / name) << text;
  }
  std::string path() const { return directory_.path().string(); }

 private:
  TemporaryDirectory directory_;
};

template <class T>
Errc code_of(const Result<T>& result) {
  REQUIRE_FALSE(result);
  CHECK_FALSE(result.error().message.empty());
  return result.error().code;
}

TEST_CASE("a process has a start, a name and an owner") {
  const FakeProcfs procfs;
  procfs.write("77/stat", kStat);
  procfs.write("77/comm", "kine\n");
  procfs.write("77/cgroup", "0::/system.slice/kine.service\n");
  const auto process = read_process(procfs.path(), 77);
  REQUIRE(process);
  CHECK(process->start_ticks == 123456);
  CHECK(process->command == "kine");
  CHECK(process->cgroup == CgroupOwner{"kine.service", {}, {}});
}

TEST_CASE("a name of any bytes loses the kernel's line end and nothing else") {
  const FakeProcfs procfs;
  procfs.write("77/stat", kStat);
  for (const std::string name : {"", "a\n", "\n", " a b ", "\xff\"\\", ") S 1"}) {
    procfs.write("77/comm", name + "\n");
    const auto process = read_process(procfs.path(), 77);
    REQUIRE(process);
    CHECK(process->command == name);
  }
  procfs.write("77/comm", "cut");
  const auto process = read_process(procfs.path(), 77);
  REQUIRE(process);
  CHECK(process->command == "cut");
}

TEST_CASE("an owner that may not be read is empty") {
  const FakeProcfs procfs;
  procfs.write("77/stat", kStat);
  procfs.write("77/comm", "a\n");
  const auto process = read_process(procfs.path(), 77);
  REQUIRE(process);
  CHECK(process->cgroup == CgroupOwner{});
}

TEST_CASE("a process without a stat or a name, or with a broken stat, is an error") {
  const FakeProcfs procfs;
  CHECK(code_of(read_process(procfs.path(), 78)) == Errc::no_data);
  CHECK(code_of(read_process(procfs.path(), 77)) == Errc::no_data);
  procfs.write("77/stat", kStat);
  CHECK(code_of(read_process(procfs.path(), 77)) == Errc::no_data);
  procfs.write("77/comm", "a\n");
  procfs.write("77/stat", "77 (a) S");
  CHECK(code_of(read_process(procfs.path(), 77)) == Errc::corrupt);
  procfs.write("77/stat", std::string(100'000, 'x'));
  CHECK(code_of(read_process(procfs.path(), 77)) == Errc::limit);
}

TEST_CASE("another process of this machine, until it ends") {
  ChildProcess child([] { return ::prctl(PR_SET_NAME, "a b)\n(c", 0, 0, 0) == 0; });
  const auto process = read_process("/proc", child.pid());
  const auto self = read_process("/proc", ::getpid());
  REQUIRE(process);
  REQUIRE(self);
  CHECK(process->command == "a b)\n(c");
  CHECK(process->start_ticks >= self->start_ticks);
  CHECK(process->cgroup == self->cgroup);
  child.kill();
  CHECK(code_of(read_process("/proc", child.pid())) == Errc::no_data);
}

TEST_CASE("the time the machine started stands between other lines") {
  CHECK(parse_boot_time("cpu  1 2 3\nintr 5 0 0\nbtime 1700000000\nprocesses 9\n") == 1.7e9);
  CHECK(parse_boot_time("btime 1700000000") == 1.7e9);
  for (const std::string_view text :
       {"", "cpu 1\n", "btime\n", "btime x\n", "btime -1\n", "btime 1 2\n", "xbtime 5\n",
        "btimes 5\n", "btime 99999999999999999999\n"}) {
    CAPTURE(text);
    CHECK(code_of(parse_boot_time(text)) == Errc::corrupt);
  }
}

TEST_CASE("the time this machine started is what its clocks say") {
  timespec now{};
  timespec since_boot{};
  REQUIRE(::clock_gettime(CLOCK_REALTIME, &now) == 0);
  REQUIRE(::clock_gettime(CLOCK_BOOTTIME, &since_boot) == 0);
  const auto boot = boot_time("/proc");
  REQUIRE(boot);
  CHECK(std::abs(*boot - static_cast<double>(now.tv_sec - since_boot.tv_sec)) <= 2);
  CHECK(code_of(boot_time("/proc/none")) == Errc::no_data);
}

TEST_CASE("a process starts so many ticks after the machine") {
  const auto hertz = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  CHECK(process_start_time(0, 1000) == 1000);
  CHECK(process_start_time(3 * hertz, 1000) == 1003);
  CHECK(process_start_time(hertz / 2, 1000) == 1000.5);
}

}  // namespace
}  // namespace sqlite_exporter
