/// What this process gives up before it opens the first database.
#pragma once

#include <string>
#include <vector>

namespace sqlite_exporter {

/// Capabilities, new privileges, memory beyond a limit, all files but those that are handed to it
/// at `kHandedFilesSocket` (Landlock, seccomp), and all system calls that reading a database does
/// not take (seccomp): no network, no other process, no file opened. Returns what this kernel could
/// not do, each as `Landlock: Function not implemented`; SQLite's own hooks keep it from writing
/// all the same.
std::vector<std::string> enter_sandbox();

}  // namespace sqlite_exporter
