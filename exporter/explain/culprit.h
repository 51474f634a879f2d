/// Who an alert is about, for the words PID, UNIT, NAMESPACE and POD of its runbook.
#pragma once

#include "exporter/explain/placeholders.h"
#include "exporter/inspect/observation.h"
#include "exporter/runbooks/runbooks.h"

namespace sqlite_exporter {

/// The process that pins the most frames, if the runbook is about readers; that which holds the
/// write lock, if it is about locks; else the only one that has the database open. Of two that it
/// may be it is neither: a wrong accusation is worse than none.
void add_culprit(Placeholders& placeholders, const Observation& observation,
                 const Runbook& runbook);

}  // namespace sqlite_exporter
