/// Validates `[discovery]`: which processes, paths and states, how often, and how far.
#pragma once

#include "exporter/config.h"
#include "exporter/config_draft.h"

namespace sqlite_exporter {

Result<DiscoveryConfig> make_discovery(const ConfigDraft& draft);

}  // namespace sqlite_exporter
