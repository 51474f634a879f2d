/// Causes an incident on a real database.
#pragma once

#include <string>

#include "collectors/base/result.h"
#include "exporter/demo/children.h"
#include "exporter/demo/incident.h"

namespace sqlite_exporter {

/// Starts the applications on NAME.db in `folder` and does the incident's deed. What goes on after
/// that are processes of `children`. Errors: those of `DemoChildren`, or io.
Result<void> cause(const Incident& incident, DemoChildren& children, const std::string& folder);

}  // namespace sqlite_exporter
