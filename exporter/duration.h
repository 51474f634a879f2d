/// Durations as the configuration and the flags spell them: a whole number and one unit.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// `500ms`, `5s`, `1m`, `1h`. Error: config.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// In the largest unit that leaves no rest: 90s is `90s`, 120s is `2m`. Reads back as the same.
std::string format_duration(std::chrono::milliseconds duration);

}  // namespace sqlite_exporter
