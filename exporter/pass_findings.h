/// What the looks of one pass found, until it is published.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
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

/// What a page is made of beside the findings.
struct PageContext {
  Snapshot::Clock::time_point now;
  Snapshot::Clock::time_point looks_begun;  ///< of this pass
  Snapshot::Clock::duration kept_for;       ///< readings of an earlier pass, from their look on
  const Snapshot* previous = nullptr;       ///< what is published now; may be null
  /// That its filesystem does not answer: asked of databases that this pass did not look at.
  std::function<bool(const Subject&)> is_stalled;
  const SqlReader* sql = nullptr;  ///< may be null
  bool node_looked = true;         ///< in this pass
  bool node_is_young = true;       ///< else nothing is said of the node but what this pass saw
};

struct Page {
  std::vector<SubjectReadings> readings;
  std::size_t waiting = 0;             ///< databases that this pass has not looked at
  Snapshot::Clock::time_point oldest;  ///< when the first of the looks that are shown began
};

/// One for each subject that is not excluded, and a last one, without labels, for the node. A
/// subject on a filesystem that does not answer shows up 0 and nothing else. One that this pass has
/// not reached shows its last readings while they are young enough, and then nothing.
Page page_of(const Subjects& subjects, PassFindings findings, const PageContext& context);

/// Whether that page would lack readings that are shown now.
bool loses_readings(const Subjects& subjects, const PageContext& context);

/// All that are shown; what was not looked at must not be opened.
SqlTargets targets_of(const Subjects& subjects, const PassFindings& findings);

}  // namespace sqlite_exporter
