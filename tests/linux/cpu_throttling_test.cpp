/// Whose CPU limit stops a process: its cgroup's, and those above it, in hierarchies of a test.
#include "collectors/linux/cpu_throttling.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/file_tree.h"

namespace sqlite_exporter {
namespace {

using test::FileTree;
using Limits = std::vector<CpuThrottling>;

std::string stat(int periods, int throttled) {
  return "usage_usec 5\nnr_periods " + std::to_string(periods) + "\nnr_throttled " +
         std::to_string(throttled) + "\nthrottled_usec 9\n";
}

Limits own(const FileTree& tree) {
  return read_own_cpu_throttling(tree.path() + "/proc", tree.path() + "/sys");
}

TEST_CASE("the limits of the slices around a unit are told, the innermost first") {
  const FileTree tree;
  tree.write("proc/self/cgroup", "0::/app.slice/app-a.slice/a.service\n");
  const std::string root = "sys/fs/cgroup/";
  tree.write(root + "cgroup.controllers", "cpu\n");
  tree.write(root + "cpu.stat", "usage_usec 5\n");  // the machine's own root has no limit
  tree.write(root + "app.slice/cpu.stat", stat(100, 90));
  tree.write(root + "app.slice/app-a.slice/cpu.stat", "usage_usec 5\n");
  tree.write(root + "app.slice/app-a.slice/a.service/cpu.stat", stat(50, 0));
  tree.write(root + "other.slice/cpu.stat", stat(7, 7));
  CHECK(own(tree) ==
        Limits{{"/app.slice/app-a.slice/a.service", 50, 0, false}, {"/app.slice", 100, 90, true}});
  tree.remove(root + "app.slice/app-a.slice/a.service/cpu.stat");
  CHECK(own(tree) == Limits{{"/app.slice", 100, 90, true}});
}

TEST_CASE("the root of a cgroup namespace is the container's own limit") {
  const FileTree tree;
  tree.write("sys/fs/cgroup/cgroup.controllers", "cpu\n");
  tree.write("sys/fs/cgroup/cpu.stat", stat(100, 90));
  tree.write("proc/self/cgroup", "0::/\n");
  CHECK(own(tree) == Limits{{"/", 100, 90, false}});
  tree.write("proc/self/cgroup", "0::/init\n");
  tree.write("sys/fs/cgroup/init/cpu.stat", stat(3, 1));
  CHECK(own(tree) == Limits{{"/init", 3, 1, false}, {"/", 100, 90, false}});
}

TEST_CASE("in v1 the hierarchy with the limit counts, wherever the process is in others") {
  const FileTree tree;
  tree.write("proc/self/cgroup",
             "4:memory:/m/x\n3:cpu,cpuacct:/docker/x\n1:name=systemd:/s\n0::/u\n");
  tree.write("sys/fs/cgroup/unified/cgroup.controllers", "\n");
  tree.write("sys/fs/cgroup/unified/u/cpu.stat", stat(1, 1));
  tree.write("sys/fs/cgroup/memory/m/x/cpu.stat", stat(2, 2));
  tree.write("sys/fs/cgroup/cpu,cpuacct/docker/cpu.stat", stat(20, 10));
  tree.write("sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.stat", stat(30, 0));
  CHECK(own(tree) == Limits{{"/docker/x", 30, 0, false}, {"/docker", 20, 10, true}});
}

TEST_CASE("what leads out of the hierarchy, or is not there, has no limit") {
  const FileTree tree;
  CHECK(own(tree).empty());
  tree.write("sys/fs/cgroup/cgroup.controllers", "cpu\n");
  tree.write("sys/fs/cgroup/cpu.stat", stat(100, 90));
  for (const std::string path : {"/../../pod", "a", "", "/a/../b"}) {
    CAPTURE(path);
    tree.write("proc/self/cgroup", "0::" + path + "\n");
    CHECK(own(tree).empty());
  }
  tree.write("proc/self/cgroup", "0::/a/b\n");
  tree.write("sys/fs/cgroup/a/cpu.stat", "nr_periods x\nnr_throttled 5\n");
  tree.remove("sys/fs/cgroup/cpu.stat");
  CHECK(own(tree).empty());
}

TEST_CASE("a hierarchy deeper than any machine's is read so far and no further") {
  const FileTree tree;
  std::string path;
  for (int i = 0; i < 50; ++i) path += "/c";
  tree.write("proc/self/cgroup", "0::" + path + "\n");
  tree.write("sys/fs/cgroup/cgroup.controllers", "cpu\n");
  for (std::string above = path; !above.empty(); above.resize(above.rfind('/')))
    tree.write("sys/fs/cgroup" + above + "/cpu.stat", stat(1, 1));
  CHECK(own(tree).size() == 32);
}

}  // namespace
}  // namespace sqlite_exporter
