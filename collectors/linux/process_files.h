/// Whether a process has a file open: what a lock's inode number alone does not prove.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/linux/file.h"
#include "collectors/linux/lock_table.h"

namespace sqlite_exporter {

/// The locks in the text of /proc/<pid>/fdinfo/<n>: those that this process took through this
/// descriptor, all on one file.
std::vector<LockEntry> parse_fdinfo_locks(std::string_view text);

/// True if the process holds a POSIX or open-file-description lock on `file` through a descriptor
/// of its own. One that has the file open without a lock is not found: without the inode that a
/// lock names each descriptor would need a stat, and each stat a filesystem. The device of a lock
/// is not compared: on btrfs it is not the file's, and subvolumes share inode numbers; so the
/// descriptors that the inode leaves over are asked for what they are, without a word to a file
/// server. Errors: denied (it takes the same user or CAP_SYS_PTRACE), no_data if the process is
/// gone, limit if it is in none of the first 4,096 descriptors and there are more.
Result<bool> has_open(const std::string& procfs, int pid, const FileIdentity& file);

enum class PathUse : std::uint8_t {
  none,
  open,     ///< the file that has this name now
  deleted,  ///< a file that had it: it was deleted, or its name given to another one
};

/// What the descriptors of the process say of `path`, as the process's own mounts name it. Reads
/// links and touches no filesystem, so a file that is really called "<path> (deleted)" is taken for
/// a deleted one. Errors as `has_open`.
Result<PathUse> use_of_path(const std::string& procfs, int pid, const std::string& path);

}  // namespace sqlite_exporter
