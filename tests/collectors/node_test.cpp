/// The machine around the databases: lock holders by name, from a procfs written for the test.
#include "collectors/node.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

constexpr const char* kContainerId =
    "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

class FakeNode {
 public:
  FakeNode() {
    std::filesystem::create_directories(root_ / "proc");
    write("proc/stat", "cpu 1 2\nbtime 1700000000\n");
  }

  void write(const std::string& name, const std::string& content) const {
    const std::filesystem::path path = root_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream file(path);
    file << content;
    file.close();
    REQUIRE(file);
  }

  void process(int pid, const std::string& command, const std::string& cgroup) const {
    const std::string folder = "proc/" + std::to_string(pid);
    const std::string start = std::to_string(::sysconf(_SC_CLK_TCK) * 100);
    write(folder + "/stat", std::to_string(pid) + " (" + command +
                                ") S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 " + start +
                                " 4096 1 18446744073709551615\n");
    write(folder + "/comm", command + "\n");
    write(folder + "/cgroup", cgroup + "\n");
  }

  std::string root() const { return root_.path().string(); }

  Node node() const {
    Node node;
    node.paths.procfs = root_ / "proc";
    node.paths.pod_logs = root_ / "pods";
    node.paths.container_logs = root_ / "containers";
    return node;
  }

 private:
  TemporaryDirectory root_;
};

TEST_CASE("processes that hold locks where SQLite locks are named, others are not read") {
  FakeNode fake;
  fake.process(10, "kine", "0::/system.slice/k3s.service");
  fake.process(11, "other", "0::/system.slice/other.service");
  fake.process(12, "writer", "0::/system.slice/app.service");
  fake.write("proc/locks",
             "1: POSIX  ADVISORY  READ 10 08:02:7 128 128\n"
             "2: POSIX  ADVISORY  WRITE 11 08:02:8 0 EOF\n"
             "3: POSIX  ADVISORY  WRITE 12 08:02:9 1073741825 1073741825\n"
             "4: POSIX  ADVISORY  WRITE 13 08:02:9 0 0\n");
  Node node = fake.node();
  read_lock_holders(node, nullptr);
  REQUIRE_FALSE(node.locks->error);
  const auto& processes = node.locks->processes;
  REQUIRE(processes.contains(10));
  CHECK(processes.at(10).owner == Owner{"kine", "k3s.service", "", "", ""});
  CHECK(processes.at(10).start_time == 1700000100);
  CHECK(processes.contains(11));  // to the end of the file: SQLite's bytes are among them
  CHECK(processes.contains(12));
  CHECK_FALSE(processes.contains(13));
}

TEST_CASE("a process that procfs does not show is hidden, and one that has ended is not") {
  FakeNode fake;
  const std::string there = std::to_string(::getppid());
  constexpr int kGone = 1 << 30;  // beyond what a pid can be
  fake.write("proc/locks", "1: POSIX  ADVISORY  READ " + there +
                               " 08:02:7 128 128\n2: POSIX  ADVISORY  READ " +
                               std::to_string(kGone) + " 08:02:7 128 128\n");
  Node node = fake.node();
  read_lock_holders(node, nullptr);
  CHECK(node.locks->processes.empty());
  CHECK(node.locks->hidden == std::set<int>{::getppid()});
  // Another one's pids mean nothing here.
  node.own_pid_namespace = false;
  node.locks = nullptr;
  read_lock_holders(node, nullptr);
  CHECK(node.locks->hidden.empty());
}

TEST_CASE("a pod and its container are named where the kubelet's log names may be read") {
  FakeNode fake;
  fake.process(
      10, "app",
      "0::/kubepods.slice/kubepods-pod6b3e1a5c_0f2d_4c7e_9a1b_2c3d4e5f6071.slice/"
      "cri-containerd-cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc.scope");
  fake.write("proc/locks", "1: POSIX  ADVISORY  READ 10 08:02:7 128 128\n");
  Node node = fake.node();
  SECTION("they may") {
    fake.write("pods/shop_web-0_6b3e1a5c-0f2d-4c7e-9a1b-2c3d4e5f6071/app/0.log", "");
    fake.write(std::string("containers/web-0_shop_app-").append(kContainerId).append(".log"), "");
    read_lock_holders(node, nullptr);
    CHECK(node.locks->processes.at(10).owner == Owner{"app", "", "shop", "web-0", "app"});
  }
  SECTION("they may, below the node's root directory") {
    fake.write("pods/shop_web-0_6b3e1a5c-0f2d-4c7e-9a1b-2c3d4e5f6071/app/0.log", "");
    fake.write(std::string("containers/web-0_shop_app-").append(kContainerId).append(".log"), "");
    node.paths.rootfs = fake.root();
    node.paths.pod_logs = "/pods";
    node.paths.container_logs = "/containers";
    read_lock_holders(node, nullptr);
    CHECK(node.locks->processes.at(10).owner == Owner{"app", "", "shop", "web-0", "app"});
  }
  SECTION("they may not") {
    read_lock_holders(node, nullptr);
    CHECK(node.locks->processes.at(10).owner == Owner{"app", "", "", "", "cccccccccccc"});
  }
}

TEST_CASE("/proc/locks is read once in five seconds") {
  FakeNode fake;
  fake.write("proc/locks", "1: POSIX  ADVISORY  READ 10 08:02:7 128 128\n");
  Node first = fake.node();
  read_lock_holders(first, nullptr);
  fake.write("proc/locks", "");
  Node second = fake.node();
  read_lock_holders(second, first.locks);
  CHECK(second.locks == first.locks);
  auto old = std::make_shared<LockHolders>(*first.locks);
  old->read -= std::chrono::seconds(5);
  read_lock_holders(second, old);
  CHECK(second.locks->table.entries().empty());
}

TEST_CASE("a process that still holds its lock is read again once a minute") {
  FakeNode fake;
  fake.process(10, "app", "0::/system.slice/before.service");
  fake.write("proc/locks", "1: POSIX  ADVISORY  READ 10 08:02:7 128 128\n");
  Node node = fake.node();
  read_lock_holders(node, nullptr);
  auto old = std::make_shared<LockHolders>(*node.locks);
  fake.process(10, "app", "0::/system.slice/after.service");
  old->read -= std::chrono::seconds(5);
  read_lock_holders(node, old);
  CHECK(node.locks->processes.at(10).owner.unit == "before.service");
  CHECK(node.locks->processes.at(10).start_time);
  old->processes_read -= std::chrono::minutes(1);
  read_lock_holders(node, old);
  CHECK(node.locks->processes.at(10).owner.unit == "after.service");
}

TEST_CASE("a lock table that cannot be read is an error, told and not guessed") {
  const FakeNode fake;
  Node node = fake.node();
  read_lock_holders(node, nullptr);
  REQUIRE(node.locks->error);
  CHECK(node.locks->error->code == Errc::no_data);
}

TEST_CASE("a path of the node has the root before it, and back") {
  NodePaths paths;
  CHECK(paths.access_path("/var/app.db") == "/var/app.db");
  CHECK(paths.host_path("/var/app.db") == "/var/app.db");
  paths.rootfs = "/host";
  CHECK(paths.access_path("/var/app.db") == "/host/var/app.db");
  CHECK(paths.access_path("/") == "/host");
  CHECK(paths.host_path("/host/var/app.db") == "/var/app.db");
  CHECK(paths.host_path("/host") == "/");
  CHECK(paths.host_path("/host/") == "/");
  CHECK(paths.host_path("/hostile/app.db") == "/hostile/app.db");
  CHECK(paths.host_path("/tmp/app.db") == "/tmp/app.db");
}

TEST_CASE("the procfs of this pid namespace is known by its own name for us") {
  const FakeNode fake;
  fake.write("proc/self/mountinfo", "1 0 8:2 / / rw - ext4 /dev/root rw\n");
  const Result<Node> foreign = read_node(fake.node().paths);
  REQUIRE(foreign);
  CHECK_FALSE(foreign->own_pid_namespace);
  const Result<Node> own = read_node({});
  REQUIRE(own);
  CHECK(own->own_pid_namespace);
}

}  // namespace
}  // namespace sqlite_exporter::test
