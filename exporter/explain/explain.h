/// The verb `explain`: an alert's runbook in the terminal, with the values, names and pids of this
/// node filled in.
#pragma once

#include <ostream>

#include "collectors/base/result.h"
#include "exporter/command_line.h"
#include "exporter/config.h"
#include "exporter/load_config.h"
#include "exporter/node_paths.h"

namespace sqlite_exporter {

/// Without an alert, a list of them. What of a database is filled in needs a configuration that has
/// it, or its path; the rest is told without. Some two seconds, and more where a mount does not
/// answer. True if every thread has ended, as `run_daemon`. Error: config, one sentence.
Result<bool> run_explain(const CommandLine& line, const NodePaths& paths, std::ostream& out);

}  // namespace sqlite_exporter
