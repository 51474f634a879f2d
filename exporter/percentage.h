/// Percentages as the configuration spells them: a number without sign or exponent, and `%`.
#pragma once

#include <string_view>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// The fraction: 0.01 for `1%`, 0.005 for `0.5%`. Error: config.
Result<double> parse_percentage(std::string_view text);

}  // namespace sqlite_exporter
