/// The files that a process runs code of: its program and its libraries, as it has mapped them.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/linux/file.h"

namespace sqlite_exporter {

/// A file with an executable mapping.
struct MappedFile {
  std::string range;  ///< of one of its mappings, as /proc/<pid>/map_files names it
  FileIdentity file;  ///< as the mapping has it: on btrfs and overlayfs by another device than stat
  std::string path;   ///< by the process's own mounts
  bool deleted = false;  ///< the file has no name any more: `path` may be another one now
};

struct MappedCode {
  std::vector<MappedFile> files;  ///< each once
  bool complete = true;           ///< there are no others
};

/// The text of /proc/<pid>/maps (proc_pid_maps(5)). What has no file (the heap, code made at run
/// time) is left out, and so are devices. At most 512 files. A line that is none of the kernel's is
/// passed over, and then the list is not complete.
MappedCode parse_mapped_code(std::string_view text);

/// Takes the lock of the process's memory map for some lines at a time, and so may wait as long as
/// a page fault or a mapping there does: for a thread of which nothing else hangs. Errors: those of
/// `read_text`.
Result<MappedCode> read_mapped_code(const std::string& procfs, int pid);

/// A file, and what is another one once somebody has written to it or given its inode to another.
struct FileVersion {
  FileIdentity file;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;  ///< mtime
  std::int64_t changed_ns = 0;   ///< ctime
  friend auto operator<=>(const FileVersion&, const FileVersion&) = default;
};

struct OpenedCode {
  File file;
  FileVersion version;
};

/// Opens the mapped file itself: by /proc/<pid>/map_files where the kernel allows that (it takes
/// CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE), also one that has been deleted; else by its path below
/// /proc/<pid>/root, if the mapped inode lies there and no link leads to it. Until that is known
/// nothing is opened but by O_PATH: no device, and no database. Blocks as its filesystem does.
/// Errors: no_data, denied, unsupported (it is another file, or none), limit.
Result<OpenedCode> open_mapped(const std::string& procfs, int pid, const MappedFile& mapped);

}  // namespace sqlite_exporter
