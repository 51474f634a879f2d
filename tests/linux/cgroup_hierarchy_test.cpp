/// Which cgroup a process is in, and where that is: in v2, v1 and both, and where it is not.
#include "tests/support/catch.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "collectors/linux/cgroup_hierarchy.h"
#include "collectors/linux/process.h"
#include "tests/support/child_process.h"
#include "tests/support/file_tree.h"

namespace sqlite_exporter {
namespace {

using test::FileTree;
using enum CgroupHierarchy;

Cgroup cgroup(const std::string& path, const std::vector<CgroupHierarchy>& in) {
  Cgroup result{path, {}};
  for (const CgroupHierarchy hierarchy : in) result.in[hierarchy] = true;
  return result;
}

CgroupRoots roots_of(const FileTree& sysfs) {
  const auto roots = find_cgroup_roots(sysfs.path());
  REQUIRE(roots);
  return *roots;
}

TEST_CASE("v2: one path") {
  CHECK(parse_cgroup_membership("0::/system.slice/a.service\n") ==
        cgroup("/system.slice/a.service", {unified}));
  CHECK(parse_cgroup_membership("0::/\n") == cgroup("/", {unified}));
}

TEST_CASE("v1: the hierarchies in which the process is at its own path") {
  CHECK(parse_cgroup_membership("5:memory:/a.service\n4:cpu,cpuacct:/a.service\n3:pids:/\n"
                                "2:blkio:/b\n1:name=systemd:/a.service\n") ==
        cgroup("/a.service", {cpu, cpuacct, memory}));
  CHECK(parse_cgroup_membership("4:memory:/docker/x\n3:cpuset:/\n2:cpu:/\n1:pids:/docker/x\n") ==
        cgroup("/docker/x", {memory, pids}));
}

TEST_CASE("hybrid: the v2 hierarchy counts if the process is at the same path there") {
  CHECK(parse_cgroup_membership("2:memory:/a.service\n1:name=systemd:/a.service\n"
                                "0::/a.service\n") == cgroup("/a.service", {memory, unified}));
  const std::string id(64, 'c');
  CHECK(parse_cgroup_membership("2:memory:/docker/" + id + "\n1:name=systemd:/docker/" + id +
                                "\n0::/system.slice/containerd.service\n") ==
        cgroup("/docker/" + id, {memory}));
  CHECK(parse_cgroup_membership("4:memory:/box\n1:name=systemd:/\n0::/\n") ==
        cgroup("/box", {memory}));
}

TEST_CASE("a removed cgroup is none") {
  CHECK_FALSE(parse_cgroup_membership("0::/system.slice/a.service (deleted)\n"));
  CHECK(parse_cgroup_membership("2:memory:/a.service (deleted)\n1:pids:/a.service\n") ==
        cgroup("/a.service", {pids}));
}

TEST_CASE("a path out of this cgroup namespace, or out of the tree, is none") {
  for (const std::string path : {"/..", "/../..", "/../a.service", "/a/../b.service", "/a/..",
                                 "/./a", "/a/.", "//a", "/a/", "a.service", "", "/a//b"}) {
    CAPTURE(path);
    CHECK_FALSE(parse_cgroup_membership("0::" + path + "\n"));
  }
  CHECK_FALSE(parse_cgroup_membership(std::string("0::/a\0b\n", 8)));
  CHECK(parse_cgroup_membership("0::/..a/...\n") == cgroup("/..a/...", {unified}));
}

TEST_CASE("a list that tells of no resource is none") {
  for (const std::string_view text : {"", "\n", "1:name=systemd:/a\n", "1:cpuset:/a\n", "0:/a\n",
                                      "1:unified:/a\n", "x::/a\n", ":::\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_cgroup_membership(text));
  }
}

TEST_CASE("a sysfs of v2 alone") {
  const FileTree sysfs;
  sysfs.write("fs/cgroup/cgroup.controllers", "cpu memory\n");
  sysfs.write("fs/cgroup/memory/memory.current", "1\n");  // a cgroup, named as a user likes
  CgroupRoots expected;
  expected[unified] = sysfs.path() + "/fs/cgroup";
  CHECK(roots_of(sysfs) == expected);
}

TEST_CASE("a sysfs of v1, as systemd mounts it") {
  const FileTree sysfs;
  for (const std::string folder : {"cpu,cpuacct", "memory", "net_cls,net_prio", "systemd"})
    sysfs.write("fs/cgroup/" + folder + "/tasks", "");
  const bool linked = GENERATE(true, false);
  const std::string first = linked ? "cpu" : "cpu,cpuacct";
  if (linked) {
    sysfs.link("fs/cgroup/cpu", "cpu,cpuacct");
    sysfs.link("fs/cgroup/cpuacct", "cpu,cpuacct");
  } else {
    sysfs.write("fs/cgroup/pids/tasks", "");
  }
  const CgroupRoots roots = roots_of(sysfs);
  CHECK(roots[cpu] == sysfs.path() + "/fs/cgroup/" + first);
  CHECK_FALSE(roots[cpuacct].empty());
  CHECK(roots[memory] == sysfs.path() + "/fs/cgroup/memory");
  CHECK(roots[blkio].empty());
  CHECK(roots[unified].empty());
  CHECK(roots[pids].empty() == linked);
}

TEST_CASE("a sysfs of both") {
  const FileTree sysfs;
  sysfs.write("fs/cgroup/cpuacct,cpu/tasks", "");
  sysfs.write("fs/cgroup/unified/cgroup.controllers", "hugetlb\n");
  const CgroupRoots roots = roots_of(sysfs);
  CHECK(roots[cpuacct] == sysfs.path() + "/fs/cgroup/cpuacct,cpu");
  CHECK(roots[unified] == sysfs.path() + "/fs/cgroup/unified");
}

TEST_CASE("a sysfs without cgroups") {
  const FileTree sysfs;
  const auto none = find_cgroup_roots(sysfs.path());
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::no_data);
  sysfs.write("fs/cgroup/file", "");
  CHECK(roots_of(sysfs) == CgroupRoots{});
}

TEST_CASE("the root of a hierarchy counts if it lists the process") {
  const FileTree sysfs;
  sysfs.write("fs/cgroup/cpu/cgroup.procs", "1\n42\n");
  sysfs.write("fs/cgroup/memory/cgroup.procs", "1\n424\n");
  const CgroupRoots roots = roots_of(sysfs);
  Cgroup root = cgroup("/", {cpu, memory, pids});
  confirm_root(root, roots, 42);
  CHECK(root == cgroup("/", {cpu}));
  Cgroup other = cgroup("/a", {memory, pids});
  confirm_root(other, roots, 42);
  CHECK(other == cgroup("/a", {memory, pids}));
}

TEST_CASE("the cgroup text of a process, while it is that one") {
  test::ChildProcess child([] { return true; });
  const auto process = read_process("/proc", child.pid());
  REQUIRE(process);
  const auto text = read_process_cgroup("/proc", child.pid(), process->start_ticks);
  REQUIRE(text);
  CHECK_FALSE(text->empty());
  const auto other = read_process_cgroup("/proc", child.pid(), process->start_ticks + 1);
  REQUIRE_FALSE(other);
  CHECK(other.error().code == Errc::no_data);
  child.kill();
  const auto gone = read_process_cgroup("/proc", child.pid(), process->start_ticks);
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code == Errc::no_data);
}

}  // namespace
}  // namespace sqlite_exporter
