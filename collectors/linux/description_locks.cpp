#include "collectors/linux/description_locks.h"

#include <algorithm>
#include <iterator>

#include "collectors/linux/process_files.h"
#include "collectors/linux/process_list.h"

namespace sqlite_exporter {

Result<std::vector<LockEntry>> description_locks_of(const std::string& procfs, int pid) {
  std::vector<LockEntry> found;
  const auto add = [&](std::string_view fdinfo) {
    for (LockEntry& lock : parse_fdinfo_locks(fdinfo)) {
      if (!lock.open_file_description) continue;
      lock.pid = pid;
      found.push_back(lock);
    }
  };
  const Result<void> asked = for_each_file(procfs, pid, add);
  if (!asked) return fail(asked.error());
  return found;
}

Result<DescriptionLocks> all_description_locks(const DescriptionWalk& walk) {
  const auto pids = processes_of(walk.procfs, walk.most_processes);
  if (!pids) return fail(pids.error());
  DescriptionLocks all;
  std::size_t asked = 0;
  for (const int pid : *pids) {
    if (walk.left_out.contains(pid)) continue;
    if (asked++ == walk.most_processes) {
      all.cut = true;
      break;
    }
    if (walk.step) walk.step();
    const auto locks = description_locks_of(walk.procfs, pid);
    if (locks) {
      std::ranges::copy(*locks, std::back_inserter(all.locks));
    } else {
      all.denied = all.denied || locks.error().code == Errc::denied;
      all.cut = all.cut || locks.error().code == Errc::limit;
    }
  }
  return all;
}

}  // namespace sqlite_exporter
