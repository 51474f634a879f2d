/// What can be lost, or cannot be written, although nothing is broken yet.
#pragma once

#include <vector>

#include "exporter/inspect/advice.h"

namespace sqlite_exporter {

/// `observation.look` is set.
void advise_on_risks(const Observation& observation, std::vector<Advice>& list);

}  // namespace sqlite_exporter
