/// Landlock: the kernel refuses this process everything with files but to read them.
#pragma once

namespace sqlite_exporter {

/// For good, and for TCP and the signals of other processes too where the kernel knows how to.
/// Needs no privilege but "no new privileges". False with errno: ENOSYS before Linux 5.13,
/// EOPNOTSUPP where it is switched off.
bool restrict_files_to_reading();

}  // namespace sqlite_exporter
