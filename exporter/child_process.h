/// A child process that is spoken with in lines, through pipes. Loop thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "exporter/loop.h"

namespace sqlite_exporter {

class ChildProcess {
 public:
  struct Events {
    std::function<void(std::string_view)> line;  ///< without its newline
    std::function<void()> ended;                 ///< it is gone, and all that it said was told
  };

  /// `arguments` begin with the program's path. The child has no environment, our standard error,
  /// `inherited` as its descriptor 3 unless that is -1, and no other descriptor of ours. One that
  /// says a line longer than `max_line` is killed. Errors as `error_from_errno`. The child must not
  /// outlive the loop.
  static Result<std::unique_ptr<ChildProcess>> start(Loop& loop, std::vector<std::string> arguments,
                                                     std::size_t max_line, Events events,
                                                     int inherited = -1);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  /// Kills it if it still runs, and does not wait for its end. Its own events may do that.
  ~ChildProcess();

  int pid() const;
  void say(std::string line);
  /// SIGKILL. `ended` follows, but for a process that hangs in a system call.
  void kill();

 private:
  struct Impl;
  explicit ChildProcess(Impl* impl) : impl_(impl) {}
  Impl* impl_;  ///< frees itself once libuv has closed its handles
};

}  // namespace sqlite_exporter
