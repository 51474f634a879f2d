/// The sandbox from inside: a child enters it and tries what a hijacked SQLite would.
#include "exporter/sql/worker/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <functional>
#include <string>

#include "exporter/sql/handed_file.h"
#include "exporter/sql/worker/landlock.h"
#include "tests/support/catch.h"
#include "tests/support/skip.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

/// What `attempt` returns in a child that went through `enter` first; a system call's -1 is its
/// errno.
int in_child(const std::function<void()>& enter, const std::function<long()>& attempt) {
  const pid_t child = ::fork();
  if (child == 0) {
    enter();
    errno = 0;
    const long result = attempt();
    ::_exit(result < 0 ? errno : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int in_sandbox(const std::function<long()>& attempt) {
  return in_child([] { static_cast<void>(enter_sandbox()); }, attempt);
}

int under_landlock(const std::function<long()>& attempt) {
  return in_child(
      [] {
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        static_cast<void>(close_all_files());
      },
      attempt);
}

/// What the kernel of this machine cannot do.
std::string missing_here() {
  int pipe[2] = {};
  REQUIRE(::pipe(pipe) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe[1], STDOUT_FILENO);
    for (const std::string& what : enter_sandbox())
      if (::write(STDOUT_FILENO, what.data(), what.size()) < 0) break;
    ::_exit(0);
  }
  ::close(pipe[1]);
  std::string missing(4096, '\0');
  const ssize_t size = ::read(pipe[0], missing.data(), missing.size());
  ::close(pipe[0]);
  ::waitpid(child, nullptr, 0);
  missing.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return missing;
}

struct Files {
  TemporaryDirectory directory;
  std::string file = directory / "file";

  Files() { std::ofstream(file) << "content"; }
};

/// Opened before, and where the sandbox leaves a descriptor open.
void hand_over(const std::string& path) {
  ::dup2(::open(path.c_str(), O_RDONLY | O_CLOEXEC), kHandedFilesSocket);
}

TEST_CASE("in the sandbox a file that was handed over is read and locked, and none is opened") {
  if (const std::string missing = missing_here(); !missing.empty())
    return skip("sandbox", "this kernel lacks " + missing);
  const Files files;
  const auto enter = [&] {
    hand_over(files.file);
    static_cast<void>(enter_sandbox());
  };
  CHECK(in_child(enter, [] {
          char byte = 0;
          return ::pread(kHandedFilesSocket, &byte, 1, 0) == 1 && byte == 'c' ? 0L : -1L;
        }) == 0);
  CHECK(in_child(enter, [] {
          // A lock for reading, as SQLite takes it.
          struct flock lock{};
          lock.l_type = F_RDLCK;
          lock.l_len = 1;
          return ::fcntl(kHandedFilesSocket, F_SETLK, &lock);
        }) == 0);
  for (const char* const path : {files.file.c_str(), "/etc/hostname", "/proc/self/environ", "/"})
    CHECK(in_sandbox([&] { return ::open(path, O_RDONLY); }) == EPERM);
}

TEST_CASE("in the sandbox nothing can be changed and nobody reached") {
  if (const std::string missing = missing_here(); !missing.empty())
    return skip("sandbox", "this kernel lacks " + missing);
  const Files files;
  const std::string other = files.directory / "other";
  const char* const file = files.file.c_str();
  const pid_t parent = ::getpid();
  CHECK(in_sandbox([&] { return ::open(file, O_RDWR); }) == EPERM);
  CHECK(in_sandbox([&] { return ::open(file, O_WRONLY | O_APPEND); }) == EPERM);
  CHECK(in_sandbox([&] { return ::open(file, O_RDONLY | O_TRUNC); }) == EPERM);
  CHECK(in_sandbox([&] { return ::open(other.c_str(), O_RDONLY | O_CREAT, 0600); }) == EPERM);
  CHECK(in_sandbox([&] { return ::unlink(file); }) == EPERM);
  CHECK(in_sandbox([&] { return ::rename(file, other.c_str()); }) == EPERM);
  CHECK(in_sandbox([&] { return ::link(file, other.c_str()); }) == EPERM);
  CHECK(in_sandbox([&] { return ::symlink(file, other.c_str()); }) == EPERM);
  CHECK(in_sandbox([&] { return ::mkdir(other.c_str(), 0700); }) == EPERM);
  CHECK(in_sandbox([&] { return ::chmod(file, 0777); }) == EPERM);
  CHECK(in_sandbox([&] { return ::truncate(file, 0); }) == EPERM);
  CHECK(in_sandbox([&] { return ::socket(AF_INET, SOCK_STREAM, 0); }) == EPERM);
  CHECK(in_sandbox([&] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }) == EPERM);
  CHECK(in_sandbox([&] { return ::kill(parent, 0); }) == EPERM);
  CHECK(in_sandbox([&] { return ::execl("/bin/true", "true", nullptr); }) == EPERM);
  CHECK(in_sandbox([&] { return static_cast<long>(::fork()); }) == EPERM);
  CHECK(in_sandbox([&] {
          void* const memory =
              ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
          return memory == MAP_FAILED ? -1L : 0L;
        }) == EPERM);
  std::ifstream content(files.file);
  std::string word;
  content >> word;
  CHECK(word == "content");
}

TEST_CASE("without seccomp Landlock alone lets no file be opened or changed") {
  if (missing_here().find("Landlock") != std::string::npos)
    return skip("landlock", "this kernel has none");
  const Files files;
  const std::string other = files.directory / "other";
  CHECK(under_landlock([&] { return ::open(files.file.c_str(), O_RDONLY); }) == EACCES);
  CHECK(under_landlock([&] { return ::open("/", O_RDONLY | O_DIRECTORY); }) == EACCES);
  CHECK(under_landlock([&] { return ::open(files.file.c_str(), O_RDWR); }) == EACCES);
  CHECK(under_landlock([&] { return ::open(other.c_str(), O_RDONLY | O_CREAT, 0600); }) == EACCES);
  CHECK(under_landlock([&] { return ::unlink(files.file.c_str()); }) == EACCES);
  CHECK(under_landlock([&] { return ::mkdir(other.c_str(), 0700); }) == EACCES);
}

}  // namespace
}  // namespace sqlite_exporter::test
