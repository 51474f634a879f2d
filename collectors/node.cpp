#include "collectors/node.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "collectors/linux/process.h"
#include "collectors/process_condition.h"
#include "collectors/sqlite/lock_bytes.h"

namespace sqlite_exporter {

namespace {

using Clock = std::chrono::steady_clock;

/// Reading /proc/locks stops every fcntl lock of the machine for a moment.
constexpr Clock::duration kLocksPeriod = std::chrono::seconds(5);

/// After a minute a process is looked at again, since it may have been moved to another cgroup.
constexpr Clock::duration kProcessesPeriod = std::chrono::minutes(1);

/// A pid means the same to F_GETLK and to this procfs if it knows us by the pid we know.
bool counts_own_pids(const std::string& procfs) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink(procfs + "/self", error);
  return !error && self.string() == std::to_string(::getpid());
}

bool may_be_sqlite(const LockEntry& lock) {
  return overlaps(lock, kWalWriteLock, kWalLocksLength) ||
         overlaps(lock, kPendingLock, kDatabaseLocksLength);
}

std::string container_name(const CgroupOwner& cgroup, const PodNames& names) {
  constexpr std::size_t kShortId = 12;  // as `docker ps` shows it
  return names.container(cgroup.container_id).value_or(cgroup.container_id.substr(0, kShortId));
}

/// procfs denies it, or does as if it were not there (hidepid).
bool is_hidden(const Error& error, int pid, const Node& node) {
  if (error.code == Errc::denied) return true;
  if (error.code != Errc::no_data || !node.own_pid_namespace) return false;
  return ::kill(pid, 0) == 0 || errno == EPERM;  // signal 0 is none: it asks
}

void read_processes(LockHolders& holders, const LockHolders* previous, const Node& node) {
  const NodePaths& paths = node.paths;
  const bool again =
      previous == nullptr || holders.read - previous->processes_read >= kProcessesPeriod;
  holders.processes_read = again ? holders.read : previous->processes_read;
  std::set<int> unknown;
  Freezer freezer(paths.procfs, paths.sysfs);
  const auto keep = [&](int pid, Process process, FreezerFiles files) {
    process.frozen = freezer.is_frozen(pid, process.start_ticks, files);
    holders.processes.emplace(pid, std::move(process));
    holders.freezers.emplace(pid, std::move(files));
  };
  const auto add = [&](int pid) {
    if (holders.processes.contains(pid)) return;
    if (!again) {
      const auto known = previous->processes.find(pid);
      if (known != previous->processes.end()) {
        Process process = known->second;
        if (read_condition(paths.procfs, pid, false, process)) {
          const auto files = previous->freezers.find(pid);
          keep(pid, std::move(process),
               files != previous->freezers.end() ? files->second : FreezerFiles());
          return;
        }
      }
    }
    unknown.insert(pid);
  };
  for (const LockEntry& lock : holders.table.entries())
    if (lock.pid > 0 && may_be_sqlite(lock)) add(lock.pid);
  for (const LockEntry& lock : holders.descriptions.locks) add(lock.pid);
  if (unknown.empty() && previous != nullptr) {
    holders.names = previous->names;
    holders.boot_time = previous->boot_time;
    return;
  }
  holders.names =
      PodNames::read(paths.access_path(paths.pod_logs), paths.access_path(paths.container_logs));
  if (const Result<double> boot = boot_time(paths.procfs)) holders.boot_time = *boot;
  for (const int pid : unknown) {
    Result<Process> process = read_owner(paths.procfs, pid, holders);
    if (process) {
      read_condition(paths.procfs, pid, true, *process);
      FreezerFiles files = freezer.files_of(pid, process->start_ticks);
      keep(pid, std::move(*process), std::move(files));
    } else if (is_hidden(process.error(), pid, node)) {
      holders.hidden.insert(pid);
    }
  }
}

}  // namespace

std::string NodePaths::access_path(std::string_view host_path) const {
  if (rootfs.empty()) return std::string(host_path);
  return host_path == "/" ? rootfs : std::string(rootfs).append(host_path);
}

std::string_view NodePaths::host_path(std::string_view access_path) const {
  if (rootfs.empty() || !access_path.starts_with(rootfs)) return access_path;
  const std::string_view below = access_path.substr(rootfs.size());
  if (below.empty()) return "/";
  return below.starts_with('/') ? below : access_path;
}

Result<Node> read_node(const NodePaths& paths) {
  Result<MountTable> mounts = MountTable::read(paths.procfs);
  if (!mounts) return fail(mounts.error());
  Node node;
  node.mounts = std::move(*mounts);
  node.readonly = ReadonlyMounts::read(paths.procfs, node.mounts);
  node.paths = paths;
  node.own_pid_namespace = counts_own_pids(paths.procfs);
  return node;
}

void read_lock_holders(Node& node, const std::shared_ptr<const LockHolders>& previous,
                       const std::function<void()>& step) {
  const Clock::time_point now = Clock::now();
  if (previous && now - previous->read < kLocksPeriod) {
    node.locks = previous;
    return;
  }
  auto holders = std::make_shared<LockHolders>();
  holders->read = now;
  Result<LockTable> table = LockTable::read(node.paths.procfs);
  if (table) {
    holders->table = std::move(*table);
    holders->descriptions = find_description_holders(
        holders->table, node.paths.procfs, now, previous ? &previous->descriptions : nullptr, step);
    read_processes(*holders, previous.get(), node);
  } else {
    holders->error = table.error();
  }
  node.locks = std::move(holders);
}

Owner owner_named(const CgroupOwner& cgroup, const PodNames& names) {
  Owner owner;
  owner.unit = cgroup.unit;
  owner.container = container_name(cgroup, names);
  if (auto pod = names.pod(cgroup.pod_uid)) {
    owner.pod_namespace = std::move(pod->pod_namespace);
    owner.pod = std::move(pod->pod);
  }
  return owner;
}

Result<Process> read_owner(const std::string& procfs, int pid, const LockHolders& holders) {
  Result<ProcessOrigin> origin = read_process(procfs, pid);
  if (!origin) return fail(origin.error());
  Process process;
  process.start_ticks = origin->start_ticks;
  process.stack_start = origin->stack_start;
  process.stopped = origin->stopped;
  if (holders.boot_time)
    process.start_time = process_start_time(origin->start_ticks, *holders.boot_time);
  process.owner = owner_named(origin->cgroup, holders.names);
  process.owner.process = std::move(origin->command);
  return process;
}

}  // namespace sqlite_exporter
