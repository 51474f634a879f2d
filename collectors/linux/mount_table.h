/// The mounts of this mount namespace, from /proc/self/mountinfo (parsed by libmount).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"

namespace sqlite_exporter {

struct Mount {
  std::string mountpoint;
  std::string fstype;
  std::string device;   ///< the source field, "/dev/mmcblk0p2"
  bool remote = false;  ///< network or FUSE: no sampling, no inotify (law 5)
  std::string upper{};  ///< of an overlay: its upper directory, as it was named when mounted
};

class MountTable {
 public:
  /// Reads `<procfs>/self/mountinfo`. Touches no mounted filesystem.
  static Result<MountTable> read(const std::string& procfs = "/proc");
  explicit MountTable(std::vector<Mount> mounts = {}) : mounts_(std::move(mounts)) {}

  /// The mount an absolute path lies on by name alone (longest prefix; of equal ones the last
  /// mounted), so that asking cannot hang. Null only if the table is empty.
  const Mount* mount_of(std::string_view path) const;

  /// True below the upper directory of an overlay of this mount namespace: files are the same there
  /// as through the overlay, and locks are not.
  bool is_below_upper(std::string_view path) const;

 private:
  std::vector<Mount> mounts_;
};

/// nfs, nfs4, cifs, smb3, 9p, ceph, glusterfs, fuse, fuse.* and their like. fuseblk counts too.
bool is_remote_filesystem(std::string_view fstype);

}  // namespace sqlite_exporter
