/// The collectors that a configuration enables, and the tools of a look made of them.
#pragma once

#include <string_view>
#include <vector>

#include "collectors/collector.h"
#include "collectors/node_collector.h"
#include "exporter/config.h"
#include "exporter/look_job.h"

namespace sqlite_exporter {

/// No more than these are run.
struct Enabled {
  std::vector<const Collector*> collectors;
  std::vector<const NodeCollector*> node_collectors;
  std::vector<std::string_view> names;  ///< under which their errors are counted
};

Enabled enabled_by(const Config& config);

/// With instruments of its own.
LookTools make_tools(const Config& config);

}  // namespace sqlite_exporter
