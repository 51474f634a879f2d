/// The metrics of one moment, for whoever keeps no daemon: a script, or node_exporter's textfile
/// collector.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "collectors/base/result.h"
#include "collectors/node.h"
#include "exporter/config.h"
#include "exporter/log.h"

namespace sqlite_exporter {

struct OncePage {
  std::string text;   ///< in the Prometheus text format
  bool ended = true;  ///< false if a thread still hangs on a mount that does not answer
};

/// Looks until every database was looked at, its old readers are known and its queries have run. A
/// counter or a histogram that begins with this process says nothing when the process ends, and is
/// left out, as is all else that is told of the process. Errors: internal, after a signal.
Result<OncePage> metrics_once(const Config& config, const Log& log, const NodePaths& paths);

/// Without the families of these names. Exposed for its test.
std::string without_families(std::string_view page, const std::set<std::string_view>& names);

/// Puts a whole page where the old one was, in one step: a reader sees one of them. Errors: io,
/// denied, as `error_from_errno`.
Result<void> replace_textfile(const std::string& path, std::string_view page);

}  // namespace sqlite_exporter
