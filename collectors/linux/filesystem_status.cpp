#include "collectors/linux/filesystem_status.h"

#include <sys/statvfs.h>

#include <cerrno>

#include "collectors/linux/file.h"

namespace sqlite_exporter {

Result<FilesystemStatus> read_filesystem_status(const Mount& mount) {
  struct statvfs answer{};
  if (::statvfs(mount.mountpoint.c_str(), &answer) != 0)
    return fail(error_from_errno(errno, "statvfs", mount.mountpoint));
  FilesystemStatus status;
  status.mount = mount;
  status.size_bytes = std::uint64_t{answer.f_blocks} * answer.f_frsize;
  status.avail_bytes = std::uint64_t{answer.f_bavail} * answer.f_frsize;
  status.files = answer.f_files;
  status.files_free = answer.f_favail;
  return status;
}

}  // namespace sqlite_exporter
