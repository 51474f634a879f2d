/// The processes behind SQLite's locks where those belong to open file descriptions.
///
/// ncruces/go-sqlite3 takes such locks. F_GETLK and /proc/locks give them the pid -1; the fdinfo of
/// a descriptor has the same line, and belongs to a process.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "collectors/linux/lock_table.h"

namespace sqlite_exporter {

/// As of one reading of /proc/locks.
struct DescriptionHolders {
  /// Under the pids of the processes that have them, by inode.
  std::vector<LockEntry> locks;
  bool denied = false;  ///< some process could not be asked
  /// By inode: how many locks of this kind there were when all processes were last asked for them.
  std::map<std::uint64_t, std::size_t> asked_for;
  std::chrono::steady_clock::time_point asked;

  std::span<const LockEntry> of_inode(std::uint64_t inode) const;
};

/// Processes known from `previous`, which may be null, are asked each time. All others are asked
/// where they leave a lock unexplained, and for the same locks once a minute. No process is asked
/// while the table has no such lock on SQLite's bytes. `step` is called before each, may be null.
DescriptionHolders find_description_holders(const LockTable& table, const std::string& procfs,
                                            std::chrono::steady_clock::time_point now,
                                            const DescriptionHolders* previous,
                                            const std::function<void()>& step);

/// How many more locks of open file descriptions on any of these bytes there are in `listed` than
/// in `found`, both of one inode; 0 if there are not more.
std::size_t unexplained(std::span<const LockEntry> listed, std::span<const LockEntry> found,
                        std::uint64_t first, std::uint64_t length);

}  // namespace sqlite_exporter
