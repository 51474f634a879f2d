/// `--selftest`: finds what the daemon would watch, asks SQL about each database that may be
/// opened, and tells where the observer reads something else.
#pragma once

#include <cstdint>
#include <ostream>

#include "collectors/node.h"
#include "exporter/config.h"
#include "exporter/log.h"

namespace sqlite_exporter {

struct SelftestEnd {
  /// cannot_say where no database could be compared, or it was interrupted.
  enum class Verdict : std::uint8_t { agrees, differs, cannot_say };
  Verdict verdict = Verdict::cannot_say;
  /// False if a thread still hangs on a mount that does not answer: only _exit ends the process.
  bool ended = true;
};

/// A line for each database as it is compared, one after the other, by their names; then their sum.
/// Until an error of `out`, or one of `signals_to_hear`.
SelftestEnd run_selftest(const Config& config, const Log& log, const NodePaths& paths,
                         std::ostream& out);

}  // namespace sqlite_exporter
