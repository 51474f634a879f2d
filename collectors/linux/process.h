/// Which process a pid is: when it started, its name, and whom it belongs to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/base/result.h"
#include "collectors/linux/cgroup_path.h"
#include "collectors/linux/process_stat.h"

namespace sqlite_exporter {

struct ProcessOrigin {
  std::uint64_t start_ticks = 0;  ///< since boot; with the pid it names one process for ever
  std::uint64_t stack_start = 0;  ///< `ProcessStat::stack_start`
  bool stopped = false;           ///< state T or t
  std::string command;            ///< comm, up to 15 bytes of the process's own choice: any bytes
  CgroupOwner cgroup;             ///< empty where it may not be read
};

/// All of one process, even if the pid is given to another one meanwhile. Never reads
/// cmdline: that takes the lock of the process's memory map and may wait for a page to be read from
/// a hung mount. Errors: no_data if the process is gone, denied (hidepid), corrupt, io.
Result<ProcessOrigin> read_process(const std::string& procfs, int pid);

/// Errors: as above.
Result<ProcessStat> read_process_stat(const std::string& procfs, int pid);

/// The text of its cgroup file, as `parse_cgroup` and `parse_cgroup_membership` take it. Errors:
/// no_data if the pid is not, or no more, that of the process which started then; as above.
Result<std::string> read_process_cgroup(const std::string& procfs, int pid,
                                        std::uint64_t start_ticks);

/// When the machine started, in whole unix seconds (btime of `<procfs>/stat`); moves when the clock
/// is set. Errors: those of `File::open_of_kernel`, corrupt.
Result<double> boot_time(const std::string& procfs);
Result<double> parse_boot_time(std::string_view text);

/// In unix seconds.
double process_start_time(std::uint64_t start_ticks, double boot_time);

}  // namespace sqlite_exporter
