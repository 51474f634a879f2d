/// Which files the processes of this node hold open, as far as their names may be databases.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// The database that a link of /proc/<pid>/fd may mean: a -wal, -shm or -journal means the one it
/// belongs to. Nothing for what is no path, was deleted, or lies in /proc, /sys or /dev, but for
/// /dev/shm. A file that is really called "<name> (deleted)" is taken for a deleted one.
std::optional<std::string> database_behind(std::string_view link);

struct OpenFilesRequest {
  std::string procfs = "/proc";
  /// Whose mounts name the files: an entry of `procfs`. "1" gives the paths of the machine itself
  /// to an exporter in a container that sees the machine's procfs.
  std::string viewer = "self";
  /// Whose descriptors do not count, by pids as `procfs` counts. Its reader never does.
  std::set<int> left_out{};
  /// Of the several paths that bind mounts give to one file, a known one is preferred: a new mount
  /// must not rename what is watched. May be null.
  std::function<bool(std::string_view)> is_known{};
  /// Called before each process, some of its descriptors and each mount namespace. May be null.
  std::function<void()> step{};
  std::size_t most_processes = 32'768;
  std::size_t most_descriptors = 4096;  ///< of one process
  std::size_t most_paths = 100'000;
};

struct OpenFiles {
  std::vector<std::string> paths;  ///< sorted, each once
  /// Processes that may not be asked: it takes CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE, or the same
  /// user.
  std::size_t denied = 0;
  /// Names in other mount namespaces that have no path in the viewer's.
  std::size_t untranslated = 0;
  /// A limit of the request, or that of 1,000 mount namespaces, left something out.
  bool cut = false;
};

/// Reads links and mount tables of procfs and touches no other filesystem: so a path is a hint, and
/// whether there is such a file, a regular one and a database, is for the caller to look, one mount
/// at a time. A process that ends meanwhile is no error. Takes some microseconds for each
/// descriptor of the node: not for samples. Errors: those of reading `procfs` itself and the
/// viewer's namespace.
Result<OpenFiles> open_files(const OpenFilesRequest& request);

}  // namespace sqlite_exporter
