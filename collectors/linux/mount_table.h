/// The mounts of a mount namespace, from /proc/self/mountinfo (parsed by libmount).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <ranges>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// Who answers for a filesystem, if it is not this kernel from a device of its own.
enum class RemoteKind : std::uint8_t {
  none,
  network,    ///< another machine, a guest's host included
  fuse,       ///< a process of this machine
  automount,  ///< nobody yet: whoever asks has it mounted
};

struct Mount {
  std::string mountpoint;
  std::string fstype;
  std::string device;   ///< the source field, "/dev/mmcblk0p2"
  bool remote = false;  ///< not `RemoteKind::none`: no sampling, no inotify (law 5)
  std::string upper{};  ///< of an overlay: its upper directory, as it was named when mounted
  /// The device number of the filesystem (major:minor as a dev_t): equal for all mounts of one. On
  /// btrfs another one than `stat` gives.
  std::uint64_t superblock = 0;
  std::string root{};  ///< the directory of the filesystem that is mounted, often "/"
  /// The filesystem takes no writes through any mount. After an error ext4, from Linux 6.15 on, no
  /// longer turns to ro: it says `emergency_ro` or `shutdown`.
  bool readonly = false;
  bool mounted_readonly = false;  ///< this mount of it, in the namespace that was read
};

class MountTable {
 public:
  /// Reads `<procfs>/<process>/mountinfo`. Touches no mounted filesystem.
  static Result<MountTable> read(const std::string& procfs = "/proc",
                                 const std::string& process = "self");
  /// `mounts` in the order in which they were mounted.
  explicit MountTable(std::vector<Mount> mounts = {});

  /// The mount an absolute path lies on by name alone (longest prefix; of equal ones the last
  /// mounted), so that asking cannot hang. Null only if the table is empty.
  const Mount* mount_of(std::string_view path) const;

  /// The mount that may keep waiting whoever touches a path: the outermost network or FUSE mount on
  /// the way to it, else its own. An automount answers for nothing that is mounted below it. Where
  /// the root directory is a network mount all wait for it, and only what lies on it counts. Null
  /// only if the table is empty.
  const Mount* answering(std::string_view path) const;

  /// Of all mounts of the filesystem that answers for a path, the one that stands for them: the
  /// first, by mountpoint, for which no other one answers. When a filesystem hangs, all of its
  /// mounts do. Null only if the table is empty.
  const Mount* filesystem_of(std::string_view path) const;

  /// True if something is mounted on exactly this path, by name alone.
  bool is_mountpoint(std::string_view path) const;

  /// True below the upper directory of an overlay of this mount namespace: files are the same there
  /// as through the overlay, and locks are not. Upper directories are named as the node names them,
  /// whatever `--path.rootfs` is.
  bool is_below_upper(std::string_view path) const;

  /// By mountpoint; of those on one mountpoint the last mounted.
  auto mounts() const { return std::views::values(mounts_); }

 private:
  const Mount* mounted_on(std::string_view path) const;

  std::map<std::string, Mount, std::less<>> mounts_;  ///< by mountpoint; the last mounted on it
  std::set<std::string, std::less<>> uppers_;         ///< without slashes at their ends
  std::map<std::uint64_t, std::string> standing_;     ///< mountpoints, by superblock
};

/// network: nfs, cifs, 9p, ceph, virtiofs and their like; fuse: fuse, fuseblk, fuse.*.
RemoteKind remote_kind(std::string_view fstype);

/// True of what is gone when the machine is switched off: tmpfs, ramfs, and a filesystem on a disk
/// in memory (zram, brd) that is mounted by that name. Not seen of one below LVM or LUKS.
bool is_in_memory(const Mount& mount);

/// True of what shows the kernel's own objects as files: proc, sysfs, cgroup2 and their like. No
/// database lies there, and a walk through it would have no end.
bool is_kernel_filesystem(std::string_view fstype);

inline bool is_remote_filesystem(std::string_view fstype) {
  return remote_kind(fstype) != RemoteKind::none;
}

}  // namespace sqlite_exporter
