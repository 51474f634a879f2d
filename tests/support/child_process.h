/// A copy of this process that does one thing, holds it and waits: what procfs shows belongs to
/// processes, so this one cannot play both sides.
#pragma once

#include <sys/types.h>

#include <functional>

namespace sqlite_exporter::test {

class ChildProcess {
 public:
  /// Returns when `work` has returned in the child; throws std::runtime_error if it returned false
  /// there. The child then keeps what it opened and locked, and ends with this object or this
  /// process. `work` may not assert: nobody would see it.
  explicit ChildProcess(const std::function<bool()>& work);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  /// SIGKILL; returns when the process is gone, with its pid and its locks.
  void kill();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int socket_ = -1;
  bool running_ = false;
};

}  // namespace sqlite_exporter::test
