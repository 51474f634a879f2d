/// Paths without links are opened, those with one are not, in both ways alike.
#include "collectors/linux/open_without_links.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/skip.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

namespace fs = std::filesystem;

/// 0 if it opens, else errno.
template <class Open>
int outcome(Open open, const std::string& path, int flags) {
  errno = 0;
  const int descriptor = open(path, flags);
  const int error = errno;
  if (descriptor < 0) return error;
  CHECK((::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0);
  ::close(descriptor);
  return 0;
}

int both(const std::string& path, int flags = O_RDONLY) {
  const int first = outcome(open_without_links, path, flags);
  CHECK(outcome(open_name_by_name, path, flags) == first);
  return first;
}

TEST_CASE("a path without symbolic links is opened, one with a link anywhere is not") {
  const TemporaryDirectory directory;
  const std::string root = fs::canonical(directory.path()).string();
  fs::create_directories(root + "/a/b");
  std::ofstream(root + "/a/b/file") << "x";
  fs::create_symlink(root + "/a", root + "/folder");
  fs::create_symlink("file", root + "/a/b/name");
  fs::create_symlink("nowhere", root + "/dangling");

  CHECK(both(root + "/a/b/file") == 0);
  CHECK(both(root + "//a/./b/file") == 0);
  CHECK(both(root + "/a/b", O_PATH | O_DIRECTORY) == 0);
  CHECK(both("/", O_PATH | O_DIRECTORY) == 0);
  CHECK(both(root + "/a/b/name") == ELOOP);
  CHECK(both(root + "/folder/b/file") == ELOOP);
  CHECK(both(root + "/folder", O_PATH | O_DIRECTORY) == ELOOP);
  CHECK(both(root + "/dangling") == ELOOP);
  CHECK(both(root + "/a/none") == ENOENT);
  CHECK(both(root + "/none/file") == ENOENT);
  CHECK(both(root + "/a/b/file/below") == ENOTDIR);
  CHECK(both("/proc/self/stat") == ELOOP);
}

TEST_CASE("a file under a lease of its owner is refused at once") {
  const TemporaryDirectory directory;
  const std::string path = fs::canonical(directory.path()).string() + "/leased";
  std::ofstream(path) << "x";
  // Whoever is to give the lease up is told by a signal, and has 45 s for it.
  const auto before = ::signal(SIGIO, SIG_IGN);
  const int holder = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(holder >= 0);
  if (::fcntl(holder, F_SETLEASE, F_WRLCK) == 0) {
    CHECK(both(path, O_RDONLY | O_NONBLOCK) == EAGAIN);
  } else {
    skip("leases", "the filesystem of temporary files has none");
  }
  ::close(holder);
  ::signal(SIGIO, before);
}

}  // namespace
}  // namespace sqlite_exporter::test
