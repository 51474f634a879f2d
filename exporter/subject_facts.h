/// What can be said of all databases under observation at once. Loop thread only.
#pragma once

#include <vector>

#include "collectors/linux/mount_table.h"
#include "exporter/subjects.h"

namespace sqlite_exporter {

/// Else there is nothing to find in /proc/locks.
bool somebody_holds_a_lock(const Subjects& subjects);

/// `excluded`: those of its states in which databases are not wanted. One that was named is wanted,
/// whatever it is.
bool is_hidden(const Subject& subject, const Subjects& subjects, StateSet excluded);

/// The mounts that databases and their WALs lie on, each once.
std::vector<const Mount*> mounts_of(const Subjects& subjects, const MountTable& mounts);

}  // namespace sqlite_exporter
