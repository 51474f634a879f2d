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

/// SQLite's hooks are functions without an argument of ours.
HandedFiles& files() {
  static HandedFiles files;
  return files;
}

/// EACCES has SQLite try again without writing, and never create.
int open_to_read(const char* path, int flags, int /*mode*/) {
  if ((flags & kWrites) == 0) return files().open(path);
  errno = EACCES;
  return -1;
}

int status_of_handed(const char* path, struct stat* status) { return files().status(path, status); }

/// Each name on the way to the database is asked for, whether it is a symbolic link: the daemon
/// opens no path that holds one.
int status_on_the_way(const char* /*path*/, struct stat* status) {
  *status = {};
  status->st_mode = S_IFREG;
  return 0;
}

int is_there(const char* path, int mode) {
  struct stat status{};
  if ((mode & W_OK) == 0) return files().status(path, &status);
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

bool make_files_read_only(int socket) {
  files() = HandedFiles(socket);
  sqlite3_vfs* const vfs = sqlite3_vfs_find("unix");
  if (vfs == nullptr || vfs->iVersion < 3 || vfs->xSetSystemCall == nullptr) return false;
  return replace(vfs, "open", open_to_read) && replace(vfs, "access", is_there) &&
         replace(vfs, "stat", status_of_handed) && replace(vfs, "lstat", status_on_the_way) &&
         replace(vfs, "unlink", refuse_path) && replace(vfs, "rmdir", refuse_path) &&
         replace(vfs, "mkdir", refuse_mkdir) && replace(vfs, "fchmod", refuse_fchmod) &&
         replace(vfs, "fchown", refuse_fchown);
}

const HandedFiles& handed_files() { return files(); }

void read_only_files_of(const std::string& database) { files().set_database(database); }

}  // namespace sqlite_exporter
