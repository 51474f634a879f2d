/// Frozen cgroups: in hierarchies of a test, and for real where this machine lets us.
#include "collectors/linux/freezer.h"

#include <unistd.h>

#include <string>

#include "collectors/linux/cgroup_files.h"
#include "collectors/linux/process.h"
#include "tests/support/await.h"
#include "tests/support/catch.h"
#include "tests/support/child_process.h"
#include "tests/support/file_tree.h"
#include "tests/support/real_cgroup.h"
#include "tests/support/skip.h"

namespace sqlite_exporter {
namespace {

using test::ChildProcess;
using test::FileTree;
using test::RealCgroup;

constexpr int kPid = 77;
constexpr std::uint64_t kStart = 123456;
constexpr const char* kStat =
    "77 (a) S 1 77 77 0 -1 4194560 5000 0 12 0 341 58 0 0 20 0 9 0 123456 987654321 2048\n";

/// A machine on which process 77 is at this text of its cgroup file.
class Machine {
 public:
  explicit Machine(const std::string& cgroups) {
    tree.write("proc/self/cgroup", "0::/self\n");
    tree.write("proc/77/stat", kStat);
    tree.write("proc/77/cgroup", cgroups);
  }
  Freezer look() const { return {tree.path() + "/proc", tree.path() + "/sys"}; }
  bool is_frozen() const {
    Freezer freezer = look();
    return freezer.is_frozen(kPid, kStart, freezer.files_of(kPid, kStart));
  }
  FileTree tree;
};

TEST_CASE("what the kernel writes of a frozen cgroup") {
  CHECK(parse_cgroup_frozen("populated 1\nfrozen 1\n") == true);
  CHECK(parse_cgroup_frozen("populated 1\nfrozen 0\n") == false);
  for (const std::string_view text : {"", "populated 1\n", "frozen\n", "frozen 2\n", "frozen -1\n",
                                      "unfrozen 1\n", "frozen 1 1\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_cgroup_frozen(text));
  }
  CHECK(parse_freezer_state("FROZEN\n") == true);
  CHECK(parse_freezer_state("THAWED\n") == false);
  for (const std::string_view text : {"", "FREEZING\n", "frozen\n", "FROZEN \n", "\nFROZEN\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_freezer_state(text));
  }
}

TEST_CASE("v2: a process is frozen with its cgroup, which says so of those above it, too") {
  const Machine machine("0::/app.slice/a.service\n");
  machine.tree.write("sys/fs/cgroup/cgroup.controllers", "cpu\n");
  const std::string events = "sys/fs/cgroup/app.slice/a.service/cgroup.events";
  machine.tree.write(events, "populated 1\nfrozen 0\n");
  // Of a slice that is asked to freeze some process may still run: its own cgroup counts.
  machine.tree.write("sys/fs/cgroup/app.slice/cgroup.events", "populated 1\nfrozen 1\n");
  CHECK_FALSE(machine.is_frozen());
  machine.tree.write(events, "populated 1\nfrozen 1\n");
  CHECK(machine.is_frozen());
  machine.tree.remove(events);
  CHECK_FALSE(machine.is_frozen());
}

TEST_CASE("v1: the freezer's hierarchy counts, wherever the process is in the others") {
  const Machine machine("5:freezer:/docker/x\n4:memory:/m\n1:name=systemd:/s\n0::/u\n");
  machine.tree.write("sys/fs/cgroup/unified/cgroup.controllers", "\n");
  machine.tree.write("sys/fs/cgroup/unified/u/cgroup.events", "populated 1\nfrozen 0\n");
  machine.tree.write("sys/fs/cgroup/freezer/docker/x/freezer.state", "FREEZING\n");
  CHECK_FALSE(machine.is_frozen());
  machine.tree.write("sys/fs/cgroup/freezer/docker/x/freezer.state", "FROZEN\n");
  CHECK(machine.is_frozen());
  machine.tree.write("sys/fs/cgroup/freezer/docker/x/freezer.state", "THAWED\n");
  CHECK_FALSE(machine.is_frozen());
  machine.tree.write("sys/fs/cgroup/unified/u/cgroup.events", "populated 1\nfrozen 1\n");
  CHECK(machine.is_frozen());
}

TEST_CASE("who left a frozen cgroup since, or is another process of that pid, is not frozen") {
  const Machine machine("0::/a\n");
  machine.tree.write("sys/fs/cgroup/cgroup.controllers", "cpu\n");
  machine.tree.write("sys/fs/cgroup/a/cgroup.events", "frozen 1\n");
  machine.tree.write("sys/fs/cgroup/b/cgroup.events", "frozen 0\n");
  const FreezerFiles files = machine.look().files_of(kPid, kStart);
  REQUIRE(files.size() == 1);
  CHECK(machine.look().is_frozen(kPid, kStart, files));
  CHECK_FALSE(machine.look().is_frozen(kPid, kStart + 1, files));
  CHECK(machine.look().files_of(kPid, kStart + 1).empty());
  machine.tree.write("proc/77/cgroup", "0::/b\n");
  CHECK_FALSE(machine.look().is_frozen(kPid, kStart, files));
}

TEST_CASE("each file is read once, however many processes are in that cgroup") {
  const Machine machine("0::/a\n");
  machine.tree.write("sys/fs/cgroup/cgroup.controllers", "cpu\n");
  machine.tree.write("sys/fs/cgroup/a/cgroup.events", "frozen 1\n");
  Freezer freezer = machine.look();
  const FreezerFiles files = freezer.files_of(kPid, kStart);
  CHECK(freezer.is_frozen(kPid, kStart, files));
  machine.tree.remove("sys/fs/cgroup/a/cgroup.events");
  CHECK(freezer.is_frozen(kPid, kStart, files));
  CHECK_FALSE(machine.look().is_frozen(kPid, kStart, files));
}

TEST_CASE("at the root, out of the hierarchy and without one nobody is frozen") {
  for (const std::string path : {"/", "/../../pod", "a", "", "/a/../b"}) {
    CAPTURE(path);
    const Machine machine("0::" + path + "\n");
    CHECK(machine.look().files_of(kPid, kStart).empty());
    machine.tree.write("sys/fs/cgroup/cgroup.controllers", "cpu\n");
    machine.tree.write("sys/fs/cgroup/cgroup.events", "frozen 1\n");
    machine.tree.write("sys/fs/cgroup/b/cgroup.events", "frozen 1\n");
    CHECK_FALSE(machine.is_frozen());
  }
}

bool is_frozen_here(pid_t pid) {
  const Result<ProcessStat> stat = read_process_stat("/proc", pid);
  REQUIRE(stat);
  Freezer freezer("/proc", "/sys");
  return freezer.is_frozen(pid, stat->start_ticks, freezer.files_of(pid, stat->start_ticks));
}

/// The cgroup that is frozen is `above` that of the process.
void check_a_real_one(const std::string& controller, const std::string& switch_file,
                      const std::string& freeze, const std::string& thaw) {
  const std::string name = "sqlite_exporter_test_freezer_" + std::to_string(::getpid());
  const RealCgroup above(controller, name);
  const std::string missing = above.missing().empty() && above.read(switch_file).empty()
                                  ? "no " + switch_file
                                  : above.missing();
  if (!missing.empty()) return test::skip("freezer", missing);
  const RealCgroup inner(controller, name + "/inner");
  REQUIRE(inner.missing().empty());
  ChildProcess child([] { return true; });
  REQUIRE(inner.move_here(child.pid()));
  CHECK_FALSE(is_frozen_here(child.pid()));
  for (const RealCgroup* cgroup : {&inner, &above}) {
    REQUIRE(cgroup->write(switch_file, freeze));
    CHECK(test::await([&] { return is_frozen_here(child.pid()); }));
    REQUIRE(cgroup->write(switch_file, thaw));
    CHECK(test::await([&] { return !is_frozen_here(child.pid()); }));
  }
  child.kill();
}

TEST_CASE("a cgroup of v2 that is really frozen, and one above it") {
  check_a_real_one("", "cgroup.freeze", "1", "0");
}

TEST_CASE("a cgroup of v1 that is really frozen, and one above it") {
  check_a_real_one("freezer", "freezer.state", "FROZEN", "THAWED");
}

}  // namespace
}  // namespace sqlite_exporter
