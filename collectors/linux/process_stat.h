/// What /proc/<pid>/stat says about the time and memory of a process.
#pragma once

#include <cstdint>
#include <string_view>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// Fields of proc_pid_stat(5): 3, 14, 15, 22, 23, 24, 20 and 28. Ticks are 1/sysconf(_SC_CLK_TCK)
/// seconds.
struct ProcessStat {
  char state = '?';  ///< R, S, D, Z, T (stopped by a signal), t (by a debugger) and others
  std::uint64_t user_ticks = 0;
  std::uint64_t system_ticks = 0;
  std::uint64_t start_ticks = 0;  ///< since boot; with the pid it names one process for ever
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
  long threads = 0;
  /// An address: another one after execve(2), which keeps pid and start. 0 where the kernel does
  /// not tell it (it takes CAP_SYS_PTRACE or the same user).
  std::uint64_t stack_start = 0;
  bool stopped() const { return state == 'T' || state == 't'; }
  friend bool operator==(const ProcessStat&, const ProcessStat&) = default;
};

/// The name of a process may hold blanks, parentheses and line ends: fields are counted from the
/// last closing parenthesis. Errors: corrupt.
Result<ProcessStat> parse_process_stat(std::string_view text);

}  // namespace sqlite_exporter
