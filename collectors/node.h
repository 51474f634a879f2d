/// What looks at databases need to know of the machine around them: read once, for all of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "collectors/base/result.h"
#include "collectors/description_holders.h"
#include "collectors/linux/cgroup_path.h"
#include "collectors/linux/freezer.h"
#include "collectors/linux/lock_table.h"
#include "collectors/linux/mount_table.h"
#include "collectors/linux/open_table.h"
#include "collectors/linux/pod_names.h"
#include "collectors/linux/readonly_mounts.h"
#include "collectors/own_reader.h"
#include "collectors/owner.h"

namespace sqlite_exporter {

class HolderLibraries;

struct NodePaths {
  std::string procfs = "/proc";
  std::string sysfs = "/sys";
  /// Where the node's own root directory is mounted, "" if it is ours. Without a slash at its end.
  std::string rootfs;
  std::string pod_logs = "/var/log/pods";  ///< as the node names it, as is the next
  std::string container_logs = "/var/log/containers";

  /// Where we find what the node calls `host_path`, which is absolute.
  std::string access_path(std::string_view host_path) const;
  /// What the node calls a path of ours, a part of it or a literal; one that does not lie below
  /// `rootfs` keeps its name.
  std::string_view host_path(std::string_view access_path) const;
};

/// The locks of the machine and the processes that hold SQLite's, as of one moment.
struct LockHolders {
  std::chrono::steady_clock::time_point read;
  std::optional<Error> error;  ///< why there is no table
  LockTable table;
  DescriptionHolders descriptions;
  std::map<int, Process> processes;
  std::map<int, FreezerFiles> freezers;  ///< of each of them
  std::set<int> hidden;                  ///< they are there, and may not be looked at
  PodNames names;
  std::optional<double> boot_time;                       ///< unix seconds
  std::chrono::steady_clock::time_point processes_read;  ///< all of them, not only new ones
};

struct Node {
  MountTable mounts;
  ReadonlyMounts readonly;
  NodePaths paths;
  bool own_pid_namespace = true;  ///< procfs counts pids as F_GETLK does
  /// Null before it was first asked for.
  std::shared_ptr<const LockHolders> locks;
  OwnReader own_reader;  ///< may be null
  /// Asked before somebody is called dead. Null: nobody's descriptors are asked.
  std::shared_ptr<OpenTableCache> open_files;
  /// Asked which SQLite the holders of a database run. Null: nobody is asked.
  std::shared_ptr<HolderLibraries> libraries;
  /// Of databases with so many processes: the WAL-reset bug takes two, or two connections of one.
  std::size_t least_holders = 2;

  /// By what F_GETLK, and by what procfs says; never blamed.
  bool is_own(int pid) const { return own_reader && pid > 0 && own_reader->pid == pid; }
  bool is_own_listed(int pid) const { return own_reader && pid > 0 && own_reader->listed == pid; }
};

/// Errors: those of `MountTable::read`.
Result<Node> read_node(const NodePaths& paths);

/// Reads /proc/locks and the processes in it into `node`, if `previous` is older than five seconds
/// (law 5); else takes over what it has. What cannot be read is left out, and said so. `step` is
/// called before each process that is asked for open file descriptions, and may be null.
void read_lock_holders(Node& node, const std::shared_ptr<const LockHolders>& previous,
                       const std::function<void()>& step = {});

/// Without the process's name.
Owner owner_named(const CgroupOwner& cgroup, const PodNames& names);

/// One process. Errors: no_data (it is gone), denied.
Result<Process> read_owner(const std::string& procfs, int pid, const LockHolders& holders);

}  // namespace sqlite_exporter
