/// Who holds open-file-description locks: /proc/locks names no process, descriptors do.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/linux/lock_table.h"

namespace sqlite_exporter {

/// The open-file-description locks that show in the descriptors of the process, each under its pid
/// and once for each descriptor: one that was duplicated or inherited shows them again. Stats no
/// file: whether a lock lies on the file that is meant, `has_open` tells. Errors: as `has_open`.
Result<std::vector<LockEntry>> description_locks_of(const std::string& procfs, int pid);

struct DescriptionWalk {
  std::string procfs = "/proc";
  std::set<int> left_out{};      ///< pids that are not asked
  std::function<void()> step{};  ///< called before each process; may be null
  std::size_t most_processes = 32'768;
};

struct DescriptionLocks {
  std::vector<LockEntry> locks;  ///< as `description_locks_of`
  bool denied = false;           ///< some process may not be asked
  bool cut = false;              ///< a limit left something out
};

/// Of all processes. Takes some microseconds for each descriptor of the node: for the rare moment
/// when a lock of this kind has no process. One that ends meanwhile is no error. Errors: those of
/// listing `procfs`.
Result<DescriptionLocks> all_description_locks(const DescriptionWalk& walk);

}  // namespace sqlite_exporter
