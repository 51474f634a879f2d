/// Regular files of other programs, opened so that nothing is changed, followed or waited for.
#pragma once

#include <sys/stat.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "collectors/base/reader.h"
#include "collectors/base/result.h"

namespace sqlite_exporter {

/// What names a file while it exists: a path may be given to another one.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend auto operator<=>(const FileIdentity&, const FileIdentity&) = default;
};

/// The uid that a file must have to be opened, where somebody's symbolic link led to it: see
/// `resolve_path`. Nothing: anybody's may be.
using RequiredOwner = std::optional<std::uint32_t>;

struct FileStatus {
  FileIdentity identity;
  std::uint64_t link_count = 0;  ///< 0: unlinked or replaced
  std::uint64_t size = 0;        ///< bytes
  double modified = 0;           ///< mtime, seconds since the epoch
  std::uint32_t uid = 0;         ///< of its owner, as this user namespace counts
  std::uint32_t mode = 0;        ///< st_mode
};

/// As far as size and mtime tell.
inline bool is_unchanged(const FileStatus& now, const FileStatus& before) {
  return now.identity == before.identity && now.size == before.size &&
         now.modified == before.modified;
}

/// An open descriptor; closed on destruction. Law 1 makes that safe: this process never opens these
/// files through SQLite, so closing drops no lock of anybody.
class File final : public Reader {
 public:
  /// `O_RDONLY|O_CLOEXEC|O_NONBLOCK|O_NOCTTY`; `path` is a realpath, and no symbolic link is
  /// followed that came into it since (unsupported): whoever may write in a folder of it could have
  /// us read what he may not. A FIFO, a device or a directory is refused (unsupported) and never
  /// blocks, and so is the use of the process's last descriptors (limit), and a file that is not
  /// `owner`'s (denied). Other errors as `error_from_errno`. What is read leaves the atime alone,
  /// as `leave_atime` says.
  static Result<File> open(const std::string& path, RequiredOwner owner = std::nullopt);
  /// The same of a file in procfs, cgroupfs or another place where links are the kernel's: only a
  /// link in its last name is refused.
  static Result<File> open_of_kernel(const std::string& path);

  /// The same of the file behind a descriptor of O_PATH, which asks no path a second time.
  static Result<File> reopen(int path_descriptor);

  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File() override;

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const override;
  /// fstat.
  Result<FileStatus> status() const;
  int descriptor() const { return descriptor_; }

 private:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  static Result<File> opened(int descriptor, const std::string& path, RequiredOwner owner);
  int descriptor_ = -1;
};

/// False if a file that stays open would take the place of those that looks and samples open and
/// close, on this thread and beside it: they need two dozen, and the kernel gives out the lowest
/// number that is free.
bool may_stay_open(const File& file);

/// Has reads through `descriptor`, of a file or a directory, leave its atime alone: else each look
/// after a write costs the disk a write. The kernel does that for the owner and for CAP_FOWNER; to
/// others it refuses, in a tenth of a microsecond, and reading goes on as before.
void leave_atime(int descriptor);

/// `File::open`, where an absent file is an answer and not an error.
Result<std::optional<File>> open_if_there(const std::string& path,
                                          RequiredOwner owner = std::nullopt);

/// Of a file at `path` that is `uid`'s. Error: denied.
Result<void> check_owner(RequiredOwner owner, std::uint32_t uid, const std::string& path);

/// lstat, of what is no symbolic link itself: that is unsupported, as its target is another's.
/// Other errors: no_data if there is none, denied, io.
Result<FileStatus> status_of(const std::string& path);

/// stat of what the kernel shows in procfs, sysfs or cgroupfs; links are followed. Errors as
/// `status_of`.
Result<FileStatus> status_of_kernel(const std::string& path);

/// `status_of`, where an absent file is an answer and not an error.
Result<std::optional<FileStatus>> status_if_there(const std::string& path);

/// mtime of a directory, which is when something was created in it or removed; seconds since the
/// epoch. A symbolic link is not followed. Errors: no_data if there is none, unsupported (no
/// directory), denied, io.
Result<double> folder_modified(const std::string& path);

/// The path without symbolic links, as SQLite resolves it before it names -wal and -shm.
Result<std::string> real_path(const std::string& path);

/// ENOENT, ENOTDIR and ESRCH (a process that ended) are no_data, EACCES and EPERM denied, EMFILE,
/// ENFILE and ENOMEM limit, ELOOP and ENXIO unsupported, the rest io. The message is "<what>
/// <path>: <the kernel's words>".
Error error_from_errno(int number, std::string_view what, std::string_view path);

}  // namespace sqlite_exporter
