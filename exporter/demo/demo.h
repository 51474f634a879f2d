/// `sqlite_exporter demo`: live databases in a temporary folder, watched, and shown in the
/// terminal.
#pragma once

#include "collectors/base/result.h"
#include "exporter/command_line.h"

namespace sqlite_exporter {

/// Blocks until Ctrl-C or SIGTERM, then removes everything. The result is that of `run_daemon`.
/// Listens on 127.0.0.1:10003 unless the command line says otherwise.
Result<bool> run_demo(const CommandLine& line);

}  // namespace sqlite_exporter
