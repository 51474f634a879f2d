/// Observations as JSON: an array with an object for each database.
#pragma once

#include <span>
#include <string>

#include "exporter/inspect/observation.h"

namespace sqlite_exporter {

/// Keys are the words of the metrics; what is not known is left out. Bytes that are no UTF-8 become
/// U+FFFD. On one line, or indented for a human; ends with a newline.
std::string report_json(std::span<const Observation> observations, bool one_line);

}  // namespace sqlite_exporter
