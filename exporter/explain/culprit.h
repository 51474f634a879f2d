/// Who an alert is about, for the words PID, UNIT, NAMESPACE and POD of its runbook.
#pragma once

#include <string>

#include "exporter/explain/placeholders.h"
#include "exporter/inspect/observation.h"
#include "exporter/runbooks/runbooks.h"
#include "exporter/snapshot.h"

namespace sqlite_exporter {

/// What runbooks say to do to PID may end it. So it is a process only if what the alert is about is
/// seen of it now (a reader that two looks found old, a write lock held at both without a commit
/// between them, commits that it keeps waiting, locks that it lost), or if it is known to be the
/// only one that has the database open, and the alert is about whoever has. Else nobody: a wrong
/// accusation is worse than none.
void add_culprit(Placeholders& placeholders, const Observation& observation,
                 const Runbook& runbook);

/// The same for SqliteCommitBlocked, where `observation` shows nobody: who the passes before it saw
/// in the way for five seconds. A writer that tries again and again may be at a pause just when it
/// is inspected.
void add_commit_blocker(Placeholders& placeholders, const Snapshot& passes,
                        const std::string& database);

}  // namespace sqlite_exporter
