/// Which filesystem something lies on: when one hangs, it does so for all that lies there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/linux/mount_table.h"

namespace sqlite_exporter {

/// Not a mountpoint: after `umount --lazy` and another mount, the same name stands for a filesystem
/// that answers, while jobs still hang on the old one.
using FilesystemId = std::uint64_t;  // `Mount::superblock`; 0 without a mount table

/// The one that answers for a path.
struct Filesystem {
  FilesystemId id = 0;
  std::string mountpoint;  ///< one of its mounts, the first by name
  bool remote = false;
};

inline FilesystemId filesystem_id_of(const MountTable& mounts, std::string_view path) {
  const Mount* const mount = mounts.answering(path);
  return mount == nullptr ? 0 : mount->superblock;
}

inline Filesystem filesystem_of(const MountTable& mounts, std::string_view path) {
  const Mount* const mount = mounts.filesystem_of(path);
  if (mount == nullptr) return {};
  return {mount->superblock, mount->mountpoint, mount->remote};
}

}  // namespace sqlite_exporter
