/// What only the tables of mounts and the owners of the files tell of a database.
#pragma once

#include "collectors/look.h"

namespace sqlite_exporter {

/// The locks, holders and files of `look` are set. Asks /proc at most once of each holder.
void look_at_risks(Look& look, const Node& node, LookState& state);

}  // namespace sqlite_exporter
