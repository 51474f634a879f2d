#include "collectors/lock_owner.h"

#include <algorithm>

namespace sqlite_exporter {

const HolderProcess* owner_of(const Look& look, Lock lock, const LockHolder& holder) {
  const std::vector<HolderProcess>& all = look.holders.processes;
  if (holder.pid >= 0) {
    const auto known = std::ranges::find(all, holder.pid, &HolderProcess::pid);
    return known == all.end() ? nullptr : &*known;
  }
  const std::optional<LockHold>& hold = look.sample.lock_time.hold(lock);
  if (!hold || hold->pid != holder.pid || hold->since > look.holders.listed) return nullptr;
  const auto listed = std::ranges::find_if(all, [&](const HolderProcess& process) {
    return process.listed_locks[static_cast<std::size_t>(lock)];
  });
  return listed == all.end() ? nullptr : &*listed;
}

}  // namespace sqlite_exporter
