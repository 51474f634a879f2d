/// Where the node's files are, as the flags `--path.*` say.
#pragma once

#include "collectors/base/result.h"
#include "collectors/node.h"
#include "exporter/command_line.h"

namespace sqlite_exporter {

/// Asks whether the directories that a flag names are there; a default may be absent, and is missed
/// where it is needed. Error: config, one sentence.
Result<NodePaths> node_paths_of(const CommandLine& line);

}  // namespace sqlite_exporter
