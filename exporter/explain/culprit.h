/// Who an alert is about, for the words PID, UNIT, NAMESPACE and POD of its runbook.
#pragma once

#include "exporter/explain/placeholders.h"
#include "exporter/inspect/observation.h"
#include "exporter/runbooks/runbooks.h"

namespace sqlite_exporter {

/// What runbooks say to do to PID may end it. So it is a process only if what the alert is about is
/// seen of it now (a reader that two looks found old, a write lock held at both without a commit
/// between them, locks that it lost), or if it is known to be the only one that has the database
/// open, and the alert is about whoever has. Else nobody: a wrong accusation is worse than none.
void add_culprit(Placeholders& placeholders, const Observation& observation,
                 const Runbook& runbook);

}  // namespace sqlite_exporter
