/// The processes that a procfs shows.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// Their pids as `procfs` counts, unsorted; with more than `most` of them at least `most` + 1 are
/// among them. Errors: those of reading `procfs` itself.
Result<std::vector<int>> processes_of(const std::string& procfs, std::size_t most);

}  // namespace sqlite_exporter
