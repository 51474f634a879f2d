/// The verb `inspect`: all that can be known of a few databases from outside, once or every second.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "collectors/node.h"

#include "exporter/command_line.h"
#include "exporter/inspect/advice.h"
#include "exporter/inspect/observation.h"

namespace sqlite_exporter {

struct Inspected {
  Verdict verdict = Verdict::cannot_say;  ///< over all files, of the last report
  /// False if a thread still hangs on a mount that does not answer: only _exit ends the process.
  bool ended = true;
};

/// Once: a third of a second, or up to five where a mount does not answer. With `watch` until
/// SIGINT, SIGTERM or an error of `out`; `redraw` clears the screen of a terminal before each
/// report.
Inspected run_inspect(const CommandLine& line, std::ostream& out, bool redraw);

struct Observed {
  Observation observation;
  bool ended = true;  ///< as in `Inspected`
};

/// What such a report on one file would be made of. `lock_holders` are those that were read just
/// now, if any: /proc/locks is not to be read twice within five seconds.
Observed observe_once(const std::string& path, const NodePaths& paths,
                      std::shared_ptr<const LockHolders> lock_holders);

}  // namespace sqlite_exporter
