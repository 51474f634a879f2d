/// The databases that the daemon would watch.
#pragma once

#include <optional>
#include <vector>

#include "collectors/node.h"
#include "exporter/config.h"
#include "exporter/log.h"
#include "exporter/sql/sql_reader.h"

namespace sqlite_exporter {

/// SIGINT and SIGTERM for the first process of a container, whom they would not end by themselves.
std::vector<int> signals_to_hear();

struct FoundTargets {
  /// As the daemon's first pass finds them; nothing after one of these signals.
  std::optional<SqlTargets> targets;
  /// False if a thread still hangs on a mount that does not answer.
  bool ended = true;
};

/// These signals are deferred.
FoundTargets find_targets(const Config& config, const Log& log, const NodePaths& paths);

}  // namespace sqlite_exporter
