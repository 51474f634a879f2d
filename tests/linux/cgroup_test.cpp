/// Cgroups of a sysfs written by hand: v2, v1 and both, and each file that may be missing.
#include "tests/support/catch.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "collectors/linux/cgroup.h"
#include "tests/support/file_tree.h"

namespace sqlite_exporter {
namespace {

using test::FileTree;

constexpr const char* kPressure =
    "some avg10=0.00 avg60=0.00 avg300=0.00 total=2000000\n"
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=1000000\n";

/// A machine with one cgroup, "/a.service", and the process's list of it.
struct Machine {
  FileTree sysfs;
  std::string membership;

  Result<CgroupStatus> try_read() const {
    const auto roots = find_cgroup_roots(sysfs.path());
    const auto cgroup = parse_cgroup_membership(membership);
    REQUIRE(roots);
    REQUIRE(cgroup);
    return read_cgroup(*roots, *cgroup);
  }
  CgroupStatus read() const {
    const auto status = try_read();
    REQUIRE(status);
    return *status;
  }
};

class Unified : public Machine {
 public:
  Unified() {
    membership = "0::/a.service\n";
    sysfs.write("fs/cgroup/cgroup.controllers", "cpu io memory pids\n");
    file("cpu.stat",
         "usage_usec 5000000\nuser_usec 1\nsystem_usec 1\nnr_periods 30\nnr_throttled 20\n"
         "throttled_usec 1500000\n");
    file("cpu.max", "50000 100000\n");
    file("memory.current", "1000\n");
    file("memory.stat", "anon 1\nfile 700\ninactive_file 400\ntotal_inactive_file 1\n");
    file("memory.max", "2000\n");
    file("memory.high", "1500\n");
    file("memory.events", "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\noom_group_kill 5\n");
    file("io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=1 dbytes=0 dios=0\n");
    file("pids.current", "7\n");
    for (const std::string resource : {"cpu", "io", "memory"})
      file(resource + ".pressure", kPressure);
  }
  void file(const std::string& name, const std::string& text) const {
    sysfs.write("fs/cgroup/a.service/" + name, text);
  }
  void remove(const std::string& name) const { sysfs.remove("fs/cgroup/a.service/" + name); }
};

class Legacy : public Machine {
 public:
  Legacy() {
    membership =
        "5:cpu,cpuacct:/a.service\n4:memory:/a.service\n3:blkio:/a.service\n2:pids:/a.service\n"
        "1:name=systemd:/a.service\n";
    file("cpu,cpuacct", "cpuacct.usage", "5000000000\n");
    file("cpu,cpuacct", "cpu.stat", "nr_periods 30\nnr_throttled 20\nthrottled_time 1500000000\n");
    file("cpu,cpuacct", "cpu.cfs_quota_us", "50000\n");
    file("cpu,cpuacct", "cpu.cfs_period_us", "100000\n");
    file("memory", "memory.usage_in_bytes", "1000\n");
    file("memory", "memory.stat", "inactive_file 1\ntotal_inactive_file 400\n");
    file("memory", "memory.limit_in_bytes", "2000\n");
    file("memory", "memory.soft_limit_in_bytes", "1500\n");
    file("memory", "memory.failcnt", "2\n");
    file("memory", "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n");
    file("blkio", "blkio.throttle.io_service_bytes_recursive",
         "8:0 Read 10\n8:0 Write 20\n8:0 Total 30\nTotal 30\n");
    file("blkio", "blkio.throttle.io_service_bytes", "8:0 Read 1\n8:0 Write 2\nTotal 3\n");
    file("pids", "pids.current", "7\n");
  }
  void file(const std::string& root, const std::string& name, const std::string& text) const {
    sysfs.write(std::string("fs/cgroup/").append(root).append("/a.service/").append(name), text);
  }
  void remove(const std::string& name) const { sysfs.remove("fs/cgroup/" + name); }
};

void check_common(const CgroupStatus& status) {
  CHECK(status.cpu_usage_seconds == 5.0);
  CHECK(status.cpu_periods == 30U);
  CHECK(status.cpu_throttled_periods == 20U);
  CHECK(status.cpu_throttled_seconds == 1.5);
  CHECK(status.cpu_limit_cores == 0.5);
  CHECK(status.memory_current == 1000U);
  CHECK(status.memory_working_set == 600U);
  CHECK(status.memory_max == 2000U);
  CHECK(status.io == BytesByDevice{{{8, 0}, {10, 20}}});
  CHECK(status.pids_current == 7U);
}

TEST_CASE("a cgroup of v2") {
  const CgroupStatus status = Unified().read();
  check_common(status);
  CHECK(status.memory_high == 1500U);
  for (std::size_t i = 0; i < kCgroupMemoryEvents.size(); ++i) CHECK(status.memory_events[i] == i);
  for (const CgroupPressure& pressure : status.pressure)
    CHECK(pressure == CgroupPressure{2.0, 1.0});
}

TEST_CASE("a cgroup of v1: no high, no pressure, two events") {
  const CgroupStatus status = Legacy().read();
  check_common(status);
  CHECK_FALSE(status.memory_high);
  using Number = std::optional<std::uint64_t>;
  CHECK(status.memory_events == std::array<Number, 6>{Number(), {}, 2, {}, 4, {}});
  for (const CgroupPressure& pressure : status.pressure) CHECK(pressure == CgroupPressure{});
}

TEST_CASE("hybrid: v1's controllers, and v2's pressure if it has the same cgroup") {
  Legacy machine;
  machine.sysfs.write("fs/cgroup/unified/cgroup.controllers", "\n");
  machine.sysfs.write("fs/cgroup/unified/a.service/cpu.stat", "usage_usec 9\n");
  machine.sysfs.write("fs/cgroup/unified/a.service/io.pressure", kPressure);
  SECTION("it has") {
    machine.membership += "0::/a.service\n";
    const CgroupStatus status = machine.read();
    check_common(status);
    CHECK(status.pressure[0] == CgroupPressure{});
    CHECK(status.pressure[1] == CgroupPressure{2.0, 1.0});
  }
  SECTION("its own is another") {
    machine.membership += "0::/\n";
    const CgroupStatus status = machine.read();
    check_common(status);
    CHECK(status.pressure[1] == CgroupPressure{});
  }
  SECTION("it counts CPU time where v1 does not") {
    machine.membership = "1:memory:/a.service\n0::/a.service\n";
    const CgroupStatus status = machine.read();
    CHECK(status.cpu_usage_seconds == 9e-6);
    CHECK_FALSE(status.cpu_periods);
    CHECK(status.memory_current == 1000U);
  }
}

TEST_CASE("v1: a hierarchy that has the process elsewhere says nothing of this cgroup") {
  Legacy machine;
  machine.membership =
      "5:cpu,cpuacct:/\n4:memory:/a.service\n2:pids:/user.slice\n1:name=systemd:/a.service\n";
  machine.sysfs.write("fs/cgroup/cpu,cpuacct/cpuacct.usage", "1\n");
  const CgroupStatus status = machine.read();
  CHECK_FALSE(status.cpu_usage_seconds);
  CHECK_FALSE(status.cpu_periods);
  CHECK_FALSE(status.pids_current);
  CHECK(status.io.empty());
  CHECK(status.memory_current == 1000U);
}

TEST_CASE("unlimited is left out") {
  const Unified v2;
  for (const std::string name : {"memory.max", "memory.high"}) v2.file(name, "max\n");
  v2.file("cpu.max", "max 100000\n");
  const Legacy v1;
  v1.file("cpu,cpuacct", "cpu.cfs_quota_us", "-1\n");
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  v1.file("memory", "memory.limit_in_bytes",
          std::to_string(9223372036854775807U / page * page) + "\n");
  for (const CgroupStatus& status : {v2.read(), v1.read()}) {
    CHECK_FALSE(status.cpu_limit_cores);
    CHECK_FALSE(status.memory_max);
    CHECK_FALSE(status.memory_high);
    CHECK(status.memory_current == 1000U);
    CHECK(status.cpu_periods == 30U);
  }
}

TEST_CASE("a limit just below what v1 means by none is one") {
  const Legacy v1;
  v1.file("memory", "memory.limit_in_bytes", "1099511627776\n");
  CHECK(v1.read().memory_max == 1099511627776U);
  v1.file("cpu,cpuacct", "cpu.cfs_period_us", "0\n");
  CHECK_FALSE(v1.read().cpu_limit_cores);
}

TEST_CASE("a working set is never negative, and none without its half") {
  const Unified v2;
  v2.file("memory.stat", "inactive_file 1001\n");
  CHECK(v2.read().memory_working_set == 0U);
  v2.file("memory.stat", "total_inactive_file 400\n");  // v1's word
  CHECK_FALSE(v2.read().memory_working_set);
  const Legacy v1;
  v1.file("memory", "memory.stat", "inactive_file 400\n");
  CHECK_FALSE(v1.read().memory_working_set);
}

TEST_CASE("v2: each file that is absent leaves out what it says") {
  const Unified v2;
  const std::vector<std::string> files = {
      "cpu.stat",     "cpu.max",      "memory.stat", "memory.max",      "memory.high",
      "cpu.pressure", "pids.current", "io.stat",     "memory.pressure", "memory.events"};
  for (const std::string& name : files) {
    CAPTURE(name);
    v2.remove(name);
    CHECK(v2.read().memory_current == 1000U);
  }
  CHECK(v2.read().pressure[1] == CgroupPressure{2.0, 1.0});
  v2.remove("io.pressure");
  const CgroupStatus status = v2.read();
  CHECK_FALSE(status.cpu_usage_seconds);
  CHECK_FALSE(status.cpu_limit_cores);
  CHECK_FALSE(status.memory_working_set);
  CHECK_FALSE(status.memory_max);
  CHECK_FALSE(status.memory_events[4]);
  CHECK_FALSE(status.pids_current);
  CHECK(status.io.empty());
}

TEST_CASE("v1: an older kernel counts bytes without those of the cgroups below") {
  const Legacy v1;
  v1.remove("blkio/a.service/blkio.throttle.io_service_bytes_recursive");
  CHECK(v1.read().io == BytesByDevice{{{8, 0}, {1, 2}}});
}

TEST_CASE("v1: each hierarchy that is not mounted leaves out what it says") {
  const Legacy v1;
  v1.remove("cpu,cpuacct");
  CHECK_FALSE(v1.read().cpu_usage_seconds);
  CHECK_FALSE(v1.read().cpu_limit_cores);
  v1.remove("blkio");
  CHECK(v1.read().io.empty());
  v1.remove("memory");
  CHECK_FALSE(v1.read().memory_current);
  CHECK(v1.read().pids_current == 7U);
}

TEST_CASE("the root of v2: no memory, and no CPU that all wait for") {
  Machine machine;
  machine.membership = "0::/\n";
  machine.sysfs.write("fs/cgroup/cgroup.controllers", "cpu io memory pids\n");
  machine.sysfs.write("fs/cgroup/cpu.stat", "usage_usec 5000000\n");
  machine.sysfs.write("fs/cgroup/cpu.pressure", kPressure);
  machine.sysfs.write("fs/cgroup/memory.pressure", kPressure);
  const CgroupStatus status = machine.read();
  CHECK(status.cpu_usage_seconds == 5.0);
  CHECK_FALSE(status.memory_current);
  CHECK(status.pressure[0] == CgroupPressure{2.0, {}});
  CHECK(status.pressure[2] == CgroupPressure{2.0, 1.0});
}

TEST_CASE("a cgroup that was removed, or tells nothing, is no data") {
  const Unified v2;
  SECTION("removed") { v2.sysfs.remove("fs/cgroup/a.service"); }
  SECTION("without a file") {
    v2.sysfs.remove("fs/cgroup/a.service");
    v2.file("cgroup.procs", "");
  }
  SECTION("a file") {
    v2.sysfs.remove("fs/cgroup/a.service");
    v2.sysfs.write("fs/cgroup/a.service", "");
  }
  const auto status = v2.try_read();
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::no_data);
  CHECK_FALSE(status.error().message.empty());
}

TEST_CASE("garbage is left out, and a file of any length is read up to a bound") {
  const Unified v2;
  for (const std::string name : {"cpu.stat", "memory.stat", "memory.events", "io.stat"})
    v2.file(name, std::string(1 << 20, 'x'));
  v2.file("io.pressure", "\xff\n");
  v2.file("pids.current", "-3\n");
  const CgroupStatus status = v2.read();
  CHECK_FALSE(status.cpu_usage_seconds);
  CHECK_FALSE(status.memory_working_set);
  CHECK_FALSE(status.pids_current);
  CHECK(status.io.empty());
  CHECK(status.pressure[1] == CgroupPressure{});
  CHECK(status.memory_current == 1000U);
}

TEST_CASE("a number that the bound cuts off is not taken for another one") {
  const Unified v2;
  std::string text(256U << 10U, 'x');
  constexpr std::string_view kLine = "\nusage_usec 5";
  text.replace(text.size() - kLine.size(), kLine.size(), kLine);
  v2.file("cpu.stat", text + "000000\n");
  CHECK_FALSE(v2.read().cpu_usage_seconds);
}

}  // namespace
}  // namespace sqlite_exporter
