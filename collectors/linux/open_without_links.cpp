#include "collectors/linux/open_without_links.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "collectors/linux/text.h"

namespace sqlite_exporter {
namespace {

int open_at(int folder, const char* name, int flags) {
  int descriptor = -1;
  do {
    descriptor = ::openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

/// Closes it without touching errno.
void close_folder(int descriptor) {
  const int error = errno;
  ::close(descriptor);
  errno = error;
}

/// The kernel calls a link that is to be a folder "no folder", as it does a file.
void tell_link_from_file(int folder, const char* name) {
  struct stat status{};
  if (errno != ENOTDIR) return;
  const bool link =
      ::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
  errno = link ? ELOOP : ENOTDIR;
}

}  // namespace

int open_name_by_name(const std::string& path, int flags) {
  std::string_view rest = path;
  int folder = open_at(AT_FDCWD, path.starts_with('/') ? "/" : ".", O_PATH | O_DIRECTORY);
  while (folder >= 0) {
    const std::string_view part = take_until(rest, '/');
    const std::string name(part.empty() ? "." : part);
    const bool is_last = rest.empty();
    const int next = open_at(folder, name.c_str(), is_last ? flags : O_PATH | O_DIRECTORY);
    if (next < 0) tell_link_from_file(folder, name.c_str());
    close_folder(folder);
    if (is_last) return next;
    folder = next;
  }
  return -1;
}

int open_without_links(const std::string& path, int flags) {
  struct open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC | O_NOFOLLOW);
  how.resolve = RESOLVE_NO_SYMLINKS;
  long descriptor = -1;
  do {
    descriptor = ::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how));
  } while (descriptor < 0 && errno == EINTR);
  // Old container runtimes refuse what they do not know with EPERM.
  if (descriptor < 0 && (errno == ENOSYS || errno == EPERM)) return open_name_by_name(path, flags);
  if (descriptor < 0) tell_link_from_file(AT_FDCWD, path.c_str());
  return static_cast<int>(descriptor);
}

}  // namespace sqlite_exporter
