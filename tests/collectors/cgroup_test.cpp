/// Cgroups of holders as exposition text, from a procfs and a sysfs written for the test.
#include "collectors/cgroup.h"

#include <unistd.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "exporter/exposition.h"
#include "tests/support/catch.h"
#include "tests/support/file_tree.h"

namespace sqlite_exporter::test {
namespace {

constexpr std::uint64_t kStart = 4711;

class FakeMachine {
 public:
  FakeMachine() {
    tree_.write("sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
    node_.paths.procfs = tree_.path() + "/proc";
    node_.paths.sysfs = tree_.path() + "/sys";
    look_.node = &node_;
  }
  FakeMachine(const FakeMachine&) = delete;
  FakeMachine& operator=(const FakeMachine&) = delete;

  /// A process of procfs that holds a database.
  void holder(int pid, const std::string& cgroup, std::uint64_t start_ticks = kStart) {
    const std::string folder = "proc/" + std::to_string(pid);
    tree_.write(folder + "/cgroup", cgroup);
    tree_.write(folder + "/stat", std::to_string(pid) +
                                      " (a) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 " +
                                      std::to_string(start_ticks) + " 4096 1\n");
    look_.holders[pid].start_ticks = kStart;
    look_.holders[pid].owner.process = "a";
  }
  void write(const std::string& name, const std::string& text) const { tree_.write(name, text); }
  void link(const std::string& name, const std::string& to) const { tree_.link(name, to); }
  void remove(const std::string& name) const { tree_.remove(name); }
  std::string path() const { return tree_.path(); }
  Node& node() { return node_; }

  /// The samples of the page, "" if there is no data.
  std::string text() const {
    std::vector<SubjectReadings> subjects(1);
    subjects[0].labels = std::make_shared<const std::string>();
    const Result<void> result = kCgroupCollector.look(look_, subjects[0].batch);
    if (!result) {
      CHECK(result.error().code == Errc::no_data);
      CHECK(subjects[0].batch.readings().empty());
    }
    std::string samples;
    std::istringstream lines(write_text(subjects, {}));
    for (std::string line; std::getline(lines, line);)
      if (!line.starts_with('#')) samples += line + '\n';
    return samples;
  }

 private:
  FileTree tree_;
  Node node_;
  NodeLook look_;
};

constexpr const char* kId = "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";
constexpr const char* kUid = "6b3e1a5c-0f2d-4c7e-9a1b-2c3d4e5f6071";

/// A line of a unit's cgroup.
std::string of_unit(const std::string& family, const std::string& unit, const std::string& value,
                    const std::string& label = "") {
  return "sqlite_cgroup_" + family + "{cgroup=\"/" + unit + "\",owner_unit=\"" + unit +
         "\",owner_namespace=\"\",owner_pod=\"\",owner_container=\"\"" + label + "} " + value +
         "\n";
}

TEST_CASE("everything that a cgroup of v2 tells") {
  FakeMachine machine;
  machine.holder(10, "0::/a.service\n");
  const std::string folder = "sys/fs/cgroup/a.service/";
  machine.write(folder + "cpu.stat",
                "usage_usec 5000000\nnr_periods 30\nnr_throttled 20\nthrottled_usec 1500000\n");
  machine.write(folder + "cpu.max", "150000 100000\n");
  machine.write(folder + "memory.current", "1000\n");
  machine.write(folder + "memory.stat", "inactive_file 400\n");
  machine.write(folder + "memory.max", "2000\n");
  machine.write(folder + "memory.high", "1500\n");
  machine.write(folder + "memory.events", "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\nnew_word 9\n");
  machine.write(folder + "io.stat",
                "8:0 rbytes=10 wbytes=20 rios=1 wios=1\n253:7 rbytes=1 wbytes=2 rios=1 wios=1\n");
  machine.write(folder + "pids.current", "7\n");
  machine.write(folder + "cpu.pressure", "some avg10=0.00 total=3000000\n");
  machine.write(folder + "io.pressure",
                "some avg10=0.00 total=2000000\nfull avg10=0.00 total=1000000\n");
  machine.link("sys/dev/block/8:0", "../../devices/pci0000:00/block/sda");
  CHECK(machine.text() ==
        of_unit("cpu_limit_cores", "a.service", "1.5") +
            of_unit("cpu_periods_total", "a.service", "30") +
            of_unit("cpu_throttled_periods_total", "a.service", "20") +
            of_unit("cpu_throttled_seconds_total", "a.service", "1.5") +
            of_unit("cpu_usage_seconds_total", "a.service", "5") +
            of_unit("io_read_bytes_total", "a.service", "1", ",device=\"253:7\"") +
            of_unit("io_read_bytes_total", "a.service", "10", ",device=\"sda\"") +
            of_unit("io_written_bytes_total", "a.service", "2", ",device=\"253:7\"") +
            of_unit("io_written_bytes_total", "a.service", "20", ",device=\"sda\"") +
            of_unit("memory_current_bytes", "a.service", "1000") +
            of_unit("memory_events_total", "a.service", "0", ",event=\"low\"") +
            of_unit("memory_events_total", "a.service", "1", ",event=\"high\"") +
            of_unit("memory_events_total", "a.service", "2", ",event=\"max\"") +
            of_unit("memory_events_total", "a.service", "3", ",event=\"oom\"") +
            of_unit("memory_events_total", "a.service", "4", ",event=\"oom_kill\"") +
            of_unit("memory_high_bytes", "a.service", "1500") +
            of_unit("memory_max_bytes", "a.service", "2000") +
            of_unit("memory_working_set_bytes", "a.service", "600") +
            of_unit("pids_current", "a.service", "7") +
            of_unit("pressure_stalled_seconds_total", "a.service", "1", ",resource=\"io\"") +
            of_unit("pressure_waiting_seconds_total", "a.service", "3", ",resource=\"cpu\"") +
            of_unit("pressure_waiting_seconds_total", "a.service", "2", ",resource=\"io\""));
}

TEST_CASE("a cgroup is told once, whoever of it holds a database, and the exporter's own too") {
  FakeMachine machine;
  machine.holder(10, "0::/a.service\n");
  machine.holder(11, "0::/a.service\n");
  machine.holder(12, "0::/b.service\n");
  machine.write("proc/self/cgroup", "0::/sqlite_exporter.service\n");
  for (const std::string unit : {"a.service", "b.service", "sqlite_exporter.service"})
    machine.write("sys/fs/cgroup/" + unit + "/pids.current", "1\n");
  const std::string expected = of_unit("pids_current", "a.service", "1") +
                               of_unit("pids_current", "b.service", "1") +
                               of_unit("pids_current", "sqlite_exporter.service", "1");
  CHECK(machine.text() == expected);
  machine.holder(13, "0::/sqlite_exporter.service\n");
  CHECK(machine.text() == expected);
}

TEST_CASE("of the pod around a container it is told how many were killed") {
  FakeMachine machine;
  const std::string pod = std::string("kubepods/burstable/pod") + kUid;
  const std::string inner = pod + "/" + kId;
  const auto labels = [](const std::string& cgroup, const std::string& container) {
    return "cgroup=\"/" + cgroup +
           "\",owner_unit=\"\",owner_namespace=\"\",owner_pod=\"\",owner_container=\"" + container +
           "\"";
  };
  const auto killed = [&](const std::string& cgroup, const std::string& container,
                          const std::string& value) {
    return "sqlite_cgroup_memory_events_total{" + labels(cgroup, container) +
           ",event=\"oom_kill\"} " + value + "\n";
  };
  const std::string id(std::string(kId), 0, 12);
  const std::string of_container = killed(inner, id, "1");
  const std::string current = "sqlite_cgroup_memory_current_bytes{" + labels(inner, id) + "} 3\n";
  machine.holder(10, "0::/" + inner + "\n");
  machine.write("sys/fs/cgroup/" + inner + "/memory.events", "oom_kill 1\n");
  machine.write("sys/fs/cgroup/" + inner + "/memory.current", "3\n");
  machine.write("sys/fs/cgroup/" + pod + "/memory.events", "oom 9\noom_kill 5\n");
  machine.write("sys/fs/cgroup/" + pod + "/memory.current", "7\n");
  CHECK(machine.text() == current + of_container + killed(pod, "", "5"));
  machine.holder(11, "0::/" + inner + "\n");
  CHECK(machine.text() == current + of_container + killed(pod, "", "5"));
  // It is a cgroup below the container's that holds a database.
  machine.remove("proc/10");
  machine.remove("proc/11");
  machine.holder(12, "0::/" + inner + "/init\n");
  machine.write("sys/fs/cgroup/" + inner + "/init/memory.current", "4\n");
  CHECK(machine.text() == "sqlite_cgroup_memory_current_bytes{" + labels(inner + "/init", id) +
                              "} 4\n" + killed(pod, "", "5"));
  machine.remove("proc/12");
  machine.holder(10, "0::/" + inner + "\n");
  // What is around the pod has other pods.
  machine.remove("sys/fs/cgroup/" + pod + "/memory.events");
  machine.write("sys/fs/cgroup/kubepods/burstable/memory.events", "oom_kill 8\n");
  machine.write("sys/fs/cgroup/kubepods/burstable/memory.current", "9\n");
  CHECK(machine.text() == current + of_container);
}

TEST_CASE("a cgroup of v1, and a root that is not the process's own") {
  FakeMachine machine;
  machine.remove("sys/fs/cgroup/cgroup.controllers");
  machine.holder(10, "3:cpu,cpuacct:/a.service\n2:pids:/\n1:name=systemd:/a.service\n");
  machine.holder(11, "3:cpu,cpuacct:/\n2:pids:/\n1:name=systemd:/\n");
  machine.write("sys/fs/cgroup/cpu,cpuacct/a.service/cpuacct.usage", "2000000000\n");
  machine.write("sys/fs/cgroup/pids/pids.current", "500\n");
  machine.write("sys/fs/cgroup/pids/cgroup.procs", "1\n10\n");
  CHECK(machine.text() == of_unit("cpu_usage_seconds_total", "a.service", "2"));
}

TEST_CASE("a pod and its container are named as the kubelet's logs name them") {
  FakeMachine machine;
  const std::string path = std::string("/kubepods/pod").append(kUid).append("/").append(kId);
  machine.holder(10, "0::" + path + "\n");
  machine.write("sys/fs/cgroup" + path + "/pids.current", "1\n");
  const std::string before = "sqlite_cgroup_pids_current{cgroup=\"" + path + "\",owner_unit=\"\",";
  CHECK(machine.text() ==
        before + "owner_namespace=\"\",owner_pod=\"\",owner_container=\"cccccccccccc\"} 1\n");
  machine.write(std::string("pods/shop_web-0_").append(kUid).append("/app/0.log"), "");
  machine.write(std::string("logs/web-0_shop_app-").append(kId).append(".log"), "");
  auto locks = std::make_shared<LockHolders>();
  locks->names = PodNames::read(machine.path() + "/pods", machine.path() + "/logs");
  machine.node().locks = locks;
  CHECK(machine.text() ==
        before + "owner_namespace=\"shop\",owner_pod=\"web-0\",owner_container=\"app\"} 1\n");
}

TEST_CASE("a process that died, moved or became another is no error") {
  FakeMachine machine;
  machine.holder(10, "0::/a.service\n");
  machine.write("sys/fs/cgroup/a.service/pids.current", "1\n");
  machine.write("sys/fs/cgroup/b.service/pids.current", "2\n");
  const std::string expected = of_unit("pids_current", "a.service", "1");
  SECTION("it is gone") {
    machine.holder(11, "0::/b.service\n");
    machine.remove("proc/11");
  }
  SECTION("its pid is another one's") { machine.holder(11, "0::/b.service\n", kStart + 1); }
  SECTION("it is gone before its start was confirmed") {
    machine.holder(11, "0::/b.service\n");
    machine.remove("proc/11/stat");
  }
  SECTION("its cgroup was removed") { machine.holder(11, "0::/b.service (deleted)\n"); }
  SECTION("its cgroup is removed between its name and its files") {
    machine.holder(11, "0::/c.service\n");
  }
  SECTION("its cgroup is out of sight") { machine.holder(11, "0::/../b.service\n"); }
  SECTION("its list is garbage") { machine.holder(11, std::string(1000, '\xff')); }
  SECTION("its list has no end") { machine.holder(11, "0::/b.service" + std::string(1000, '/')); }
  CHECK(machine.text() == expected);
}

TEST_CASE("a process that moved belongs to its new owner") {
  FakeMachine machine;
  machine.holder(10, "0::/b.service\n");
  machine.write("sys/fs/cgroup/b.service/pids.current", "2\n");
  CHECK(machine.text() == of_unit("pids_current", "b.service", "2"));
}

TEST_CASE("the machine's own cgroup is that of a process it lists") {
  FakeMachine machine;
  machine.holder(10, "0::/\n");
  machine.write("sys/fs/cgroup/cpu.stat", "usage_usec 1000000\n");
  CHECK(machine.text().empty());
  machine.write("sys/fs/cgroup/cgroup.procs", "10\n");
  CHECK(machine.text() ==
        "sqlite_cgroup_cpu_usage_seconds_total{cgroup=\"/\",owner_unit=\"\",owner_namespace=\"\","
        "owner_pod=\"\",owner_container=\"\"} 1\n");
}

TEST_CASE("two devices of one name are one series") {
  FakeMachine machine;
  machine.holder(10, "0::/a.service\n");
  machine.write("sys/fs/cgroup/a.service/io.stat", "8:0 rbytes=1\n8:1 rbytes=2\n");
  machine.link("sys/dev/block/8:0", "a/sda");
  machine.link("sys/dev/block/8:1", "b/sda");
  CHECK(machine.text() == of_unit("io_read_bytes_total", "a.service", "1", ",device=\"sda\""));
}

TEST_CASE("names of any bytes do not break the page") {
  FakeMachine machine;
  machine.holder(10, "0::/a\"\\\xff.service\n");
  machine.write("sys/fs/cgroup/a\"\\\xff.service/pids.current", "1\n");
  CHECK(
      machine.text() ==
      "sqlite_cgroup_pids_current{cgroup=\"/a\\\"\\\\\xEF\xBF\xBD.service\",owner_unit=\"a\\\"\\\\"
      "\xEF\xBF\xBD.service\",owner_namespace=\"\",owner_pod=\"\",owner_container=\"\"} 1\n");
}

TEST_CASE("a machine without cgroups, or whose holders have none, has no data") {
  FakeMachine machine;
  const std::string without = GENERATE("holders", "sysfs", "cgroups");
  if (without == "sysfs") machine.remove("sys");
  if (without == "cgroups") machine.holder(10, "0::/a.service\n");
  CHECK(machine.text().empty());
}

}  // namespace
}  // namespace sqlite_exporter::test
