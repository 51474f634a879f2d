/// When a file came into being, and when anything of it last changed.
#pragma once

#include <optional>
#include <string>

namespace sqlite_exporter {

/// Seconds since the epoch.
struct FileTimes {
  /// Not set where the filesystem does not keep it. A rename keeps it, a copy begins it anew.
  std::optional<double> born;
  /// ctime: the content, the name, the owner or the mode. Nobody can set it to another time.
  double changed = 0;
};

/// Nothing where there is no such file.
std::optional<FileTimes> file_times_of(const std::string& path);

}  // namespace sqlite_exporter
