/// A collector of the node: what it tells belongs to no single database.
#pragma once

#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/batch.h"
#include "collectors/linux/filesystem_status.h"
#include "collectors/metric.h"
#include "collectors/node.h"
#include "collectors/owner.h"

namespace sqlite_exporter {

/// One moment of the node, gathered through the looks at its databases.
struct NodeLook {
  const Node* node = nullptr;
  /// The mounts that databases and their WALs lie on, each once; one that did not answer is left
  /// out.
  std::vector<FilesystemStatus> filesystems;
  std::map<int, Process> holders;  ///< by pid, as `node->paths.procfs` counts them
};

struct NodeCollector {
  std::string_view name;  ///< a collector of databases may have the same one, and be half of it
  std::span<const Metric* const> metrics;
  /// As `Collector::look`: adds readings, returns its error, never logs, keeps no state.
  Result<void> (*look)(const NodeLook& look, Batch& batch);
};

}  // namespace sqlite_exporter
