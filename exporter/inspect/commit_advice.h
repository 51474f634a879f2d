/// Who keeps others from committing in rollback mode, and what he is to do.
#pragma once

#include <vector>

#include "exporter/inspect/advice.h"

namespace sqlite_exporter {

/// `observation.look` is set.
void advise_on_commits(const Observation& observation, std::vector<Advice>& list);

}  // namespace sqlite_exporter
