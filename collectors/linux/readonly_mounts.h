/// Whether a mount can be written as the node has it: a sandbox shows its own mounts read-only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collectors/linux/mount_table.h"

namespace sqlite_exporter {

class ReadonlyMounts {
 public:
  /// Reads of process 1 whatever mounts that are read-only here, on filesystems that are not, make
  /// it necessary to know; what it may not read stays unknown. Touches no mounted filesystem.
  static ReadonlyMounts read(const std::string& procfs, const MountTable& here);

  /// Of a mount of the table `here`, and what the node calls its mountpoint. True if nothing can be
  /// written through it; nothing if that cannot be told: it is read-only in a mount namespace of
  /// our own, or of a container's.
  std::optional<bool> is_readonly(const Mount& mount, std::string_view host_mountpoint) const;

 private:
  bool here_is_node_ = false;
  MountTable node_;  ///< empty if it is not known
};

}  // namespace sqlite_exporter
