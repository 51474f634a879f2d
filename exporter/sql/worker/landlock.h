/// Landlock, the kernel's own way for a process to shut itself out of files.
#pragma once

namespace sqlite_exporter {

/// From now on this process opens no file and no folder, creates, changes and removes none, and
/// with later versions of Landlock opens no TCP connection either. What is open stays so. False and
/// errno where the kernel has no Landlock, or not in use. Source: landlock(7).
bool close_all_files();

}  // namespace sqlite_exporter
