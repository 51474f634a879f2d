/// A database file that is mounted alone, without its folder: whoever opens it that way makes -wal,
/// -shm and -journal beside the mountpoint, most often in the layer of a container, which goes away
/// with it.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

#include "collectors/linux/mount_table.h"
#include "collectors/node.h"
#include "collectors/owner.h"

namespace sqlite_exporter {

/// True if `path` is the mountpoint of a file, and the name beside it leads elsewhere: a file that
/// is mounted onto itself, as ReadWritePaths= of systemd does, keeps its folder.
bool is_mounted_alone(std::string_view path, const MountTable& mounts);

/// What lives from one look to the next.
struct FileMountState {
  bool suspected = false;
  /// Holders that were asked, by pid and start: do they have the file open by such a mount?
  std::map<std::pair<int, std::uint64_t>, bool> asked;
};

/// True if one of the holders has `path` open through a mount of the file alone, by his own table
/// of mounts and his descriptors. Each is asked once, and touches no filesystem but procfs.
bool opened_mounted_alone(std::string_view path, const Holders& holders, const Node& node,
                          FileMountState& state);

}  // namespace sqlite_exporter
