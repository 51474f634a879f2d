/// Cgroup paths as the node has them, read in a cgroup namespace of our own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// Where a namespace begins in the v2 hierarchy whose root is mounted at `root`; "/" if that is
/// where. `own` is where the namespace's own root is mounted. Asked by the kernel's handle of the
/// directory, not by a search: that takes CAP_DAC_READ_SEARCH, and a seccomp profile that knows of
/// it (those of container runtimes since July 2023). Errors: denied, limit, no_data (it does not
/// lie below `root`), others as `error_from_errno`.
Result<std::string> find_namespace_root(const std::string& root, const std::string& own);

/// The text of /proc/<pid>/cgroup with paths from the hierarchies' roots: the kernel writes them
/// relative to the reader's namespace, "/../../pod<uid>/<id>". Lines whose path cannot be told are
/// left out: v2's where `begins` is not known, and v1's below "/", where nobody could be asked.
/// A path that leads out of the hierarchy stays, and names no cgroup.
std::string seen_from_root(std::string_view text, const std::optional<std::string>& begins);

/// Reads for one look what the paths of all processes need.
class CgroupNamespace {
 public:
  /// `root` as above, empty if there is no v2; `own_text` is our own /proc/self/cgroup. What is
  /// found is believed only if our process is listed where it leads. Where v2 is not mounted, paths
  /// are taken as they are. Errors: limit.
  static Result<CgroupNamespace> find(const std::string& root, std::string_view own_text);

  std::string node_text(std::string_view text) const;

 private:
  bool initial_ = true;  ///< the machine's own: paths are as the node has them
  std::optional<std::string> begins_;
};

}  // namespace sqlite_exporter
