#include "collectors/linux/readonly_mounts.h"

#include <algorithm>
#include <utility>

#include "collectors/linux/link.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {

namespace {

/// A number of the kernel's own (PROC_PID_INIT_INO). With process 1 of another namespace we share a
/// container's mounts, which say nothing of the node; from a sandbox inside of one, its are nearer.
constexpr std::string_view kInitialPidNamespace = "pid:[4026531836]";

/// The number of the first mount of a namespace, as text: a mount has its number to itself, and is
/// in one namespace.
Result<std::string> first_mount(const std::string& procfs, const std::string& process) {
  constexpr std::size_t kLongestNumber = 32;
  Result<std::string> text = read_beginning(procfs + "/" + process + "/mountinfo", kLongestNumber);
  if (text) text->resize(std::min(text->find(' '), text->size()));
  return text;
}

/// True if both have the same mounts. The links of another user's process take CAP_SYS_PTRACE, and
/// its mounts do not.
Result<bool> has_mounts_of_first(const std::string& procfs) {
  const auto own = read_link(procfs + "/self/ns/mnt");
  if (!own) return fail(own.error());
  const auto first = read_link(procfs + "/1/ns/mnt");
  if (first) return *own == *first;
  if (first.error().code != Errc::denied) return fail(first.error());
  const auto own_mount = first_mount(procfs, "self");
  if (!own_mount) return fail(own_mount.error());
  const auto mount = first_mount(procfs, "1");
  if (!mount) return fail(mount.error());
  return *own_mount == *mount;
}

/// Process 1 is that of our own namespace, if its own link may not be read.
bool is_first_of_node(const std::string& procfs) {
  auto pids = read_link(procfs + "/1/ns/pid");
  if (!pids && pids.error().code == Errc::denied) pids = read_link(procfs + "/self/ns/pid");
  return pids && *pids == kInitialPidNamespace;
}

bool is_readonly_here_alone(const Mount& mount) {
  return mount.mounted_readonly && !mount.readonly && !is_kernel_filesystem(mount.fstype);
}

}  // namespace

ReadonlyMounts ReadonlyMounts::read(const std::string& procfs, const MountTable& here) {
  ReadonlyMounts result;
  if (std::ranges::none_of(here.mounts(), is_readonly_here_alone)) return result;
  const auto same = has_mounts_of_first(procfs);
  if (!same) return result;
  if (*same) {
    result.here_is_node_ = is_first_of_node(procfs);
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
