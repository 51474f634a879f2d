#include "collectors/linux/readonly_mounts.h"

#include <algorithm>
#include <utility>

#include "collectors/linux/link.h"

namespace sqlite_exporter {

namespace {

/// A number of the kernel's own (PROC_PID_INIT_INO). With process 1 of another namespace we share a
/// container's mounts, which say nothing of the node; from a sandbox inside of one, its are nearer.
constexpr std::string_view kInitialPidNamespace = "pid:[4026531836]";

bool is_readonly_here_alone(const Mount& mount) {
  return mount.mounted_readonly && !mount.readonly && !is_kernel_filesystem(mount.fstype);
}

}  // namespace

ReadonlyMounts ReadonlyMounts::read(const std::string& procfs, const MountTable& here) {
  ReadonlyMounts result;
  if (std::ranges::none_of(here.mounts(), is_readonly_here_alone)) return result;
  const auto own = read_link(procfs + "/self/ns/mnt");
  const auto first = read_link(procfs + "/1/ns/mnt");
  if (!own || !first) return result;
  if (*own == *first) {
    const auto pids = read_link(procfs + "/1/ns/pid");
    result.here_is_node_ = pids && *pids == kInitialPidNamespace;
  } else if (auto table = MountTable::read(procfs, "1")) {
    result.node_ = std::move(*table);
  }
  return result;
}

std::optional<bool> ReadonlyMounts::is_readonly(const Mount& mount,
                                                std::string_view host_mountpoint) const {
  if (mount.readonly) return true;
  if (!mount.mounted_readonly) return false;
  if (here_is_node_) return true;
  const Mount* const there = node_.mount_of(host_mountpoint);
  if (there == nullptr || there->superblock != mount.superblock) return std::nullopt;
  return there->readonly || there->mounted_readonly;
}

}  // namespace sqlite_exporter
