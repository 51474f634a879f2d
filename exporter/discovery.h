/// Which files a `[[database]]` entry means at this moment.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/config.h"

namespace sqlite_exporter {

struct Found {
  std::string matched_path;
  std::string path;  ///< its realpath; `matched_path` itself if it is absent or cannot be resolved
};

/// Blocks as long as the filesystem does. A plain path is always found, there or not: it is watched
/// for. A pattern finds regular files that begin as a SQLite database does, those for which
/// `is_known(realpath)` holds whatever they begin with now, and those that may not be read: that is
/// for the full look to say. SQLite's own -wal, -shm and -journal files are never found.
std::vector<Found> discover(const DatabaseConfig& entry,
                            const std::function<bool(std::string_view)>& is_known);

}  // namespace sqlite_exporter
