#include "exporter/sql/worker/read_only_files.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>

namespace sqlite_exporter {

namespace {

constexpr int kWrites = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;

/// EACCES has SQLite try again without writing, and never create.
int open_to_read(const char* path, int flags, int /*mode*/) {
  if ((flags & kWrites) != 0) {
    errno = EACCES;
    return -1;
  }
  // Neither a link nor a FIFO that took the place of a database since it was looked at.
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  int descriptor = ::open(path, kFlags | O_NOATIME);
  // Who is not the owner has his reading noted.
  if (descriptor < 0 && errno == EPERM) descriptor = ::open(path, kFlags);
  struct stat status{};
  if (descriptor >= 0 && (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode))) {
    ::close(descriptor);
    errno = ENXIO;
    return -1;
  }
  return descriptor;
}

/// access(2) asks for the real user, who may not pass through the folders that the capability to
/// read opens to us: SQLite would take a WAL there for absent.
int is_there(const char* path, int mode) {
  struct stat status{};
  if ((mode & W_OK) == 0) return ::stat(path, &status);
  errno = EACCES;
  return -1;
}

int refuse() {
  errno = EPERM;
  return -1;
}

int refuse_path(const char* /*path*/) { return refuse(); }
int refuse_mkdir(const char* /*path*/, mode_t /*mode*/) { return refuse(); }
int refuse_fchmod(int /*descriptor*/, mode_t /*mode*/) { return refuse(); }
int refuse_fchown(int /*descriptor*/, uid_t /*owner*/, gid_t /*group*/) { return refuse(); }

template <class Function>
bool replace(sqlite3_vfs* vfs, const char* name, Function* function) {
  // SQLite calls it by the type that it has under this name.
  return vfs->xSetSystemCall(vfs, name, reinterpret_cast<sqlite3_syscall_ptr>(function)) ==
         SQLITE_OK;
}

}  // namespace

bool make_files_read_only() {
  sqlite3_vfs* const vfs = sqlite3_vfs_find("unix");
  if (vfs == nullptr || vfs->iVersion < 3 || vfs->xSetSystemCall == nullptr) return false;
  return replace(vfs, "open", open_to_read) && replace(vfs, "access", is_there) &&
         replace(vfs, "unlink", refuse_path) && replace(vfs, "rmdir", refuse_path) &&
         replace(vfs, "mkdir", refuse_mkdir) && replace(vfs, "fchmod", refuse_fchmod) &&
         replace(vfs, "fchown", refuse_fchown);
}

}  // namespace sqlite_exporter
