/// What can be said of all databases under observation at once. Loop thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "collectors/linux/mount_table.h"
#include "exporter/look_job.h"
#include "exporter/subjects.h"

namespace sqlite_exporter {

/// Else there is nothing to find in /proc/locks.
bool somebody_holds_a_lock(const Subjects& subjects);

/// Databases in use whose files are opened and closed at each look, for want of descriptors.
std::size_t opened_each_time(const Subjects& subjects);

/// `excluded`: those of its states in which databases are not wanted. One that was named is wanted,
/// whatever it is.
bool is_hidden(const Subject& subject, const Subjects& subjects, StateSet excluded);

/// All of them: by name, or, `rotated`, those first that have waited longest for a look.
std::vector<std::shared_ptr<Subject>> in_turn(const Subjects& subjects, bool rotated);

/// What a job needs of it.
LookTask task_of(const Subject& subject);

/// The mounts that databases and their WALs lie on, each once.
std::vector<const Mount*> mounts_of(const Subjects& subjects, const MountTable& mounts);

}  // namespace sqlite_exporter
