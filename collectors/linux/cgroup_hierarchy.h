/// Which cgroup a process is in, and where the hierarchies are that have a directory for it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// Hierarchies that tell of resources, or of what is frozen: v2's, and those of v1's controllers.
enum class CgroupHierarchy : std::uint8_t { unified, cpu, cpuacct, memory, blkio, pids, freezer };
inline constexpr std::array<std::string_view, 7> kCgroupHierarchyNames = {
    "unified", "cpu", "cpuacct", "memory", "blkio", "pids", "freezer"};

template <class T>
struct ByCgroupHierarchy {
  std::array<T, kCgroupHierarchyNames.size()> values{};
  T& operator[](CgroupHierarchy hierarchy) { return values[static_cast<std::size_t>(hierarchy)]; }
  const T& operator[](CgroupHierarchy hierarchy) const {
    return values[static_cast<std::size_t>(hierarchy)];
  }
  friend bool operator==(const ByCgroupHierarchy&, const ByCgroupHierarchy&) = default;
};

/// One cgroup: a path, and the hierarchies in which some process is at it. In v1 a process may be
/// at "/" of a hierarchy that nobody limits: what that one says is not this cgroup's.
struct Cgroup {
  std::string path;  ///< begins with a slash; chosen by users, so it may hold any byte
  ByCgroupHierarchy<bool> in;
  friend bool operator==(const Cgroup&, const Cgroup&) = default;
};

/// The cgroup that the text of /proc/<pid>/cgroup names (`cgroup_path_of`). None if it was removed,
/// if no hierarchy of the list has it, or if its path leads out of what we see: ".." stands for
/// what lies outside of our own cgroup namespace.
std::optional<Cgroup> parse_cgroup_membership(std::string_view text);

/// Directories of the hierarchies' roots; empty where there is none.
using CgroupRoots = ByCgroupHierarchy<std::string>;

/// Told by what is there below `<sysfs>/fs/cgroup`: v2 has cgroup.controllers at its root, systemd
/// mounts v2 as "unified" beside v1, and v1's folders are named by one controller or by several
/// ("cpu,cpuacct"). Errors: those of `names_in`.
Result<CgroupRoots> find_cgroup_roots(const std::string& sysfs);

/// Whether a cgroup's directory has a process, by its pid in our own pid namespace.
bool lists_process(const std::string& directory, int pid);

/// Forgets the hierarchies whose root does not list the process, if the cgroup is one: in its own
/// cgroup namespace every container is at "/", which in the node's sysfs is the whole machine.
/// `pid` is that of this process's own pid namespace.
void confirm_root(Cgroup& cgroup, const CgroupRoots& roots, int pid);

}  // namespace sqlite_exporter
