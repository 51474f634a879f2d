/// A FUSE filesystem that fails when told to: it shows a backing folder at a mountpoint. One
/// command a line on stdin, one answer a line.
///
///     stop       the server hangs: it takes no request until
///     continue
///     fail WHAT  read, readdir or statfs answer EIO until
///     heal
///
/// With `flush` to close a file is a request as well. The first line of output says whether it is
/// mounted. The end of standard input ends it: so that no mount survives a test, however that dies,
/// and whatever the server does at that moment.
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <new>
#include <string>

#include "tests/support/passthrough_server.h"

namespace {

using sqlite_exporter::test::Fault;
using sqlite_exporter::test::FaultSwitch;

/// The keeper's side of the server: a process of its own, because the keeper must live on while it
/// is stopped, and because its death alone ends every request that waits.
class Server {
 public:
  /// False if it could not mount; it has said why on stderr.
  bool start(const char* backing, const char* mountpoint, bool flush) {
    int mounted[2];
    void* const shared = ::mmap(nullptr, sizeof(FaultSwitch), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || ::pipe(mounted) != 0) return false;
    faults_ = new (shared) FaultSwitch();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::close(mounted[0]);
      ::_exit(sqlite_exporter::test::serve_passthrough(backing, mountpoint, *faults_, mounted[1],
                                                       flush));
    }
    ::close(mounted[1]);
    char byte = 0;
    const bool is_mounted = pid_ > 0 && ::read(mounted[0], &byte, 1) == 1;
    ::close(mounted[0]);
    return is_mounted;
  }

  std::string answer(const std::string& command) {
    if (command == "stop") return stopped_ ? "ok" : signal(SIGUSR1, WUNTRACED);
    if (command == "continue") return stopped_ ? signal(SIGCONT, WCONTINUED) : "ok";
    if (command == "fail read") return fail(Fault::read);
    if (command == "fail readdir") return fail(Fault::readdir);
    if (command == "fail statfs") return fail(Fault::statfs);
    if (command == "heal") return heal();
    return "error unknown command " + command;
  }

  void end() const {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  /// Returns when the server has stopped, or goes on.
  std::string signal(int number, int awaited) {
    int status = 0;
    if (::kill(pid_, number) != 0 || ::waitpid(pid_, &status, awaited) != pid_)
      return std::string("error ") + std::strerror(errno);
    stopped_ = WIFSTOPPED(status);
    return stopped_ || WIFCONTINUED(status) ? "ok" : "error the server has ended";
  }

  std::string fail(Fault fault) {
    faults_->set(fault);
    return "ok";
  }

  std::string heal() {
    faults_->clear();
    return "ok";
  }

  pid_t pid_ = -1;
  bool stopped_ = false;
  FaultSwitch* faults_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
  const bool flush = argc == 4 && std::string(argv[3]) == "flush";
  if (argc != 3 && !flush) {
    std::cerr << "usage: passthrough_fs BACKING_FOLDER MOUNTPOINT [flush]\n";
    return 2;
  }
  ::setsid();  // what ends the test by its process group, as Ctrl-C does, must leave the keeper
  Server server;
  if (!server.start(argv[1], argv[2], flush)) {
    std::cout << "error not mounted\n";
    return 1;
  }
  std::cout << "ok\n" << std::flush;
  for (std::string line; std::getline(std::cin, line);)
    std::cout << server.answer(line) << '\n' << std::flush;
  server.end();
  ::umount2(argv[2], MNT_DETACH);
}
