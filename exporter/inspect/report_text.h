/// An observation as a block of text for a terminal of 80 columns.
#pragma once

#include <string>

#include "exporter/inspect/observation.h"

namespace sqlite_exporter {

/// What is not known is not in it. Foreign text in it is safe to show.
std::string report_text(const Observation& observation);

}  // namespace sqlite_exporter
