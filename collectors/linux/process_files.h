/// Whether a process has a file open: what a lock's inode number alone does not prove.
#pragma once

#include <cstdint>
#include <functional>
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

/// Gives `see` the text of fdinfo, as far as locks stand in it, for each descriptor of a file that
/// has a path: sockets and pipes have no locks. Errors: as `has_open`.
Result<void> for_each_file(const std::string& procfs, int pid,
                           const std::function<void(std::string_view fdinfo)>& see);

/// The POSIX locks that the process holds on `file`, and the open-file-description locks of its
/// descriptors; each of the former once for each descriptor. `opened` as well without a lock, where
/// the kernel (5.14) tells inodes in fdinfo. Errors: as `has_open`.
struct FileLocks {
  bool opened = false;
  std::vector<LockEntry> locks;
};
Result<FileLocks> locks_on_file(const std::string& procfs, int pid, const FileIdentity& file);

/// True if the process holds a POSIX or open-file-description lock on `file` through a descriptor
/// of its own. One that has the file open without a lock is not found: without the inode that a
/// lock names each descriptor would need a stat, and each stat a filesystem. The device of a lock
/// is not compared: on btrfs it is not the file's, and subvolumes share inode numbers; so the
/// descriptors that the inode leaves over are asked for what they are, without a word to a file
/// server. Errors: denied (it takes the same user or CAP_SYS_PTRACE), no_data if the process is
/// gone, limit if it is in none of the first 4,096 descriptors and there are more.
Result<bool> has_open(const std::string& procfs, int pid, const FileIdentity& file);

/// A database and the files beside it.
struct DatabaseFiles {
  std::string path;                      ///< as the process's own mounts name it, if they are ours
  std::vector<FileIdentity> identities;  ///< for a process that names it otherwise
};

struct DescriptorShare {
  std::uint64_t asked = 0;        ///< descriptors looked at: all, or the first 4,096
  std::uint64_t of_database = 0;  ///< those of the database, its -wal, -shm or -journal
};

/// Errors: denied and no_data as `has_open`.
Result<DescriptorShare> descriptors_of_database(const std::string& procfs, int pid,
                                                const DatabaseFiles& files);

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
