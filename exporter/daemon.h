/// The daemon: puts loop, sampler, scheduler and HTTP server together, and runs until told to stop.
#pragma once

#include <array>
#include <csignal>
#include <functional>
#include <string>

#include "collectors/base/result.h"
#include "collectors/node.h"
#include "exporter/config.h"
#include "exporter/log.h"
#include "exporter/snapshot.h"

namespace sqlite_exporter {

struct DaemonOptions {
  NodePaths paths;
  /// What SIGHUP has read anew, on a pool thread; if empty, SIGHUP ends the program.
  std::function<Result<Config>()> reload;
  /// Called once, with the address really bound, when the server listens.
  std::function<void(const std::string& address)> listening;
  /// Called on the loop thread for each snapshot.
  std::function<void(const Snapshot&)> published;
};

/// What ends it. A closed terminal does too, unless there is a file to reload, or SIGHUP is ignored
/// as nohup has it.
inline constexpr std::array kStopSignals = {SIGTERM, SIGINT, SIGHUP};

/// Blocks until one of them. True if every thread has ended: where a job on a hung mount has
/// not, the process must be left by _exit, because a thread that cannot end cannot be joined.
/// Errors: config or io, if it cannot listen; limit, if it cannot have its threads.
Result<bool> run_daemon(const Config& config, const Log& log, const DaemonOptions& options);

}  // namespace sqlite_exporter
