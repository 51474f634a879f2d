/// Whether a process stands still because its cgroup was frozen (`docker pause`, `systemctl
/// freeze`).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/linux/cgroup_hierarchy.h"
#include "collectors/linux/cgroup_namespace.h"

namespace sqlite_exporter {

/// Files of the kernel that say whether the cgroup of one process is frozen: cgroup.events of v2,
/// freezer.state of v1, or both. Empty where the process is in no cgroup that can be.
using FreezerFiles = std::vector<std::string>;

/// For one look at many processes: each file is read once, however many are in that cgroup.
class Freezer {
 public:
  Freezer(std::string procfs, std::string sysfs);

  /// Empty as well where the process is gone, or its cgroup cannot be told.
  FreezerFiles files_of(int pid, std::uint64_t start_ticks);
  /// Whether it is frozen, as far as `files` say, which were found for it at this look or at one
  /// before; true only if it is still in that cgroup. A frozen cgroup above it counts.
  bool is_frozen(int pid, std::uint64_t start_ticks, const FreezerFiles& files);

 private:
  struct Hierarchies {
    CgroupRoots roots;
    CgroupNamespace seen_from;
  };
  const std::optional<Hierarchies>& hierarchies();
  bool says_frozen(const std::string& file);

  std::string procfs_;
  std::string sysfs_;
  bool found_ = false;
  std::optional<Hierarchies> hierarchies_;
  std::map<std::string, bool, std::less<>> said_;  ///< by file
};

}  // namespace sqlite_exporter
