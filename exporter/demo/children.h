/// The demo's child processes: started, awaited, stopped together.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "collectors/base/result.h"

namespace sqlite_exporter {

class DemoChildren {
 public:
  /// How long a child may take.
  struct Patience {
    std::chrono::milliseconds start;
    std::chrono::milliseconds stop;
  };
  static constexpr Patience kPatience = {std::chrono::seconds(30), std::chrono::seconds(5)};

  /// `program` is run as `program demo-application KIND PATH`.
  explicit DemoChildren(std::string program = "/proc/self/exe", Patience patience = kPatience);
  DemoChildren(const DemoChildren&) = delete;
  DemoChildren& operator=(const DemoChildren&) = delete;
  ~DemoChildren();

  /// Starts one and returns its pid when it says that its database is ready.
  /// Errors: limit or io (not started), timeout or internal (not ready; it is gone by then).
  Result<pid_t> start(const std::string& kind, const std::string& path);

  /// Starts one, and ends it again as `stop` does: the database it leaves is nobody's.
  /// Errors: those of `start` and of `stop`.
  Result<void> run(const std::string& kind, const std::string& path);

  /// Kills the one that was started last, with SIGKILL: it can bring nothing into order. It is gone
  /// afterwards, and no error of `stop`. There must be one.
  void kill_last();

  /// Closes standard input of each, waits for its end, and kills it if it stays. An error names the
  /// last one that was killed (timeout) or did not exit with 0 (internal). All are gone afterwards.
  Result<void> stop();

 private:
  struct Child {
    pid_t pid;
    int input;   ///< our end of its standard input: closed, it ends
    int output;  ///< our end of its standard output: at its end, so is the child
    std::string name;
  };

  Result<Child> spawn(const std::string& kind, const std::string& path) const;
  Result<void> end(Child& child) const;

  std::string program_;
  Patience patience_;
  std::vector<Child> children_;
};

}  // namespace sqlite_exporter
