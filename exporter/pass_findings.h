/// What the looks of one pass found, until it is published.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "exporter/look_job.h"
#include "exporter/snapshot.h"
#include "exporter/sql/sql_reader.h"
#include "exporter/subjects.h"

namespace sqlite_exporter {

struct PassFindings {
  std::map<std::string, Batch> looked;      ///< by database
  std::map<std::string, SqlAccess> access;  ///< the same
  AttributionLimits limits{};               ///< that some look met
  NodeTask node;
};

/// One for each subject that is not excluded, and a last one, without labels, for the node. A
/// subject that was not looked at shows up 0. `sql` may be null.
std::vector<SubjectReadings> readings_of(const Subjects& subjects, PassFindings findings,
                                         const SqlReader* sql);

/// All that are shown; what was not looked at must not be opened.
SqlTargets targets_of(const Subjects& subjects, const PassFindings& findings);

}  // namespace sqlite_exporter
