/// fork, and a socket pair that says "done" one way and "end" the other.
#include "tests/support/child_process.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace sqlite_exporter::test {
namespace {

char receive(int socket) {
  char byte = 0;
  while (::recv(socket, &byte, 1, 0) < 0 && errno == EINTR) {
  }
  return byte;
}

}  // namespace

ChildProcess::ChildProcess(const std::function<bool()>& work) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    throw std::system_error(errno, std::generic_category(), "socketpair");
  }
  pid_ = ::fork();
  if (pid_ == 0) {
    ::close(pair[0]);
    const char done = work() ? '+' : '-';
    ::send(pair[1], &done, 1, MSG_NOSIGNAL);
    receive(pair[1]);  // nothing, when the parent is gone
    ::_exit(0);
  }
  const int error = errno;
  ::close(pair[1]);
  socket_ = pair[0];
  running_ = pid_ > 0;
  if (!running_) throw std::system_error(error, std::generic_category(), "fork");
  if (receive(socket_) != '+') {
    kill();
    ::close(socket_);
    throw std::runtime_error("the child process failed");
  }
}

ChildProcess::~ChildProcess() {
  kill();
  ::close(socket_);
}

void ChildProcess::kill() {
  if (!running_) return;
  running_ = false;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace sqlite_exporter::test
