/// A configuration for tests: these paths, a fast rhythm, everything else by default.
#pragma once

#include <string>
#include <vector>

#include "exporter/config.h"

namespace sqlite_exporter::test {

/// Throws std::runtime_error if it is not valid. The interval is the shortest allowed, 100 ms.
Config config_of(const std::vector<std::string>& paths, int max_databases = 1000);

}  // namespace sqlite_exporter::test
