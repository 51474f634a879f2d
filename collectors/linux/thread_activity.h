/// What one of this process's own threads does: it works, waits for a core, or sleeps in a system
/// call.
#pragma once

#include <cstdint>
#include <string_view>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// /proc/<pid>/schedstat of the kernel's sched-stats.rst, since the thread began. The kernel adds
/// to it when a thread gets a core: a wait that has not ended is not in it.
struct ThreadSchedule {
  std::uint64_t ran_ns = 0;     ///< on a core
  std::uint64_t waited_ns = 0;  ///< for a core, also while its cgroup is throttled
  std::uint64_t turns = 0;      ///< how often it got one

  /// False where the kernel counts nothing (CONFIG_SCHED_INFO): it writes zeros.
  bool known() const { return turns > 0; }
  friend bool operator==(const ThreadSchedule&, const ThreadSchedule&) = default;
};

struct ThreadActivity {
  /// In a system call that waits for something else than a core: state S or D, or t
  /// under a tracer. A thread that is
  /// throttled stays in state R.
  bool sleeps = false;
  ThreadSchedule schedule;
  friend bool operator==(const ThreadActivity&, const ThreadActivity&) = default;
};

/// Three numbers. Errors: corrupt.
Result<ThreadSchedule> parse_schedstat(std::string_view text);

/// Of the thread `tid` of this process, by its own /proc whatever `--path.procfs` says. Neither
/// file makes its reader wait. Errors: those of `read_text`, corrupt; a kernel without schedstat is
/// none.
Result<ThreadActivity> read_thread_activity(int tid);

}  // namespace sqlite_exporter
