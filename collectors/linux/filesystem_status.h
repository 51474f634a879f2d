/// How full a mounted filesystem is.
#pragma once

#include <cstdint>

#include "collectors/base/result.h"
#include "collectors/linux/mount_table.h"

namespace sqlite_exporter {

struct FilesystemStatus {
  Mount mount;
  std::uint64_t size_bytes = 0;
  std::uint64_t avail_bytes = 0;  ///< to users without privileges
  std::uint64_t files = 0;        ///< inodes; 0 where the filesystem makes them as it needs them
  std::uint64_t files_free = 0;
};

/// Asks the filesystem itself (statvfs), so it blocks as long as that does. Errors: no_data (not
/// mounted any more), denied, io.
Result<FilesystemStatus> read_filesystem_status(const Mount& mount);

}  // namespace sqlite_exporter
