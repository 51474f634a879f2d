/// Who a process belongs to, as the names of its cgroups say: a unit, a container, a pod.
#pragma once

#include <string>
#include <string_view>

namespace sqlite_exporter {

/// Empty where the names do not say.
struct CgroupOwner {
  std::string unit;          ///< a service or scope; chosen by users, so it may hold any byte
  std::string container_id;  ///< 64 hexadecimal digits
  std::string pod_uid;       ///< a UUID with dashes, or 32 digits: see `pod_uid_of`
  friend bool operator==(const CgroupOwner&, const CgroupOwner&) = default;
};

/// The owner that one path names. Outer units count only until a pod begins: the service of a
/// container runtime owns none of its pods. In a pod the outermost container counts, the one that
/// Kubernetes knows; elsewhere the innermost. ".." (seen from another cgroup namespace) says
/// nothing.
CgroupOwner owner_of_cgroup(std::string_view path);

/// Of the paths in the text of /proc/<pid>/cgroup, of cgroup v1, v2 or both, the one that says most
/// of the process. The v2 hierarchy is asked first, then systemd's, then the longest path; but a
/// path with a container or a pod goes before one with a unit, since in hybrid mode runtimes leave
/// their containers in the v2 cgroup of their own service. Where none says anything, the first that
/// is not the root. Without the kernel's " (deleted)"; empty if there is no path.
std::string_view cgroup_path_of(std::string_view text);

/// The owner that this path names.
CgroupOwner parse_cgroup(std::string_view text);

}  // namespace sqlite_exporter
