/// When a file came into being.
#pragma once

#include <optional>
#include <string>

namespace sqlite_exporter {

/// Seconds since the epoch (STATX_BTIME); nothing where there is no such file, or its filesystem
/// does not keep the time. A rename keeps it, a copy begins it anew.
std::optional<double> birth_time_of(const std::string& path);

}  // namespace sqlite_exporter
