/// The path of what a folder has by some name.
#pragma once

#include <string>
#include <string_view>

namespace sqlite_exporter {

inline std::string path_below(const std::string& folder, std::string_view name) {
  return std::string(folder).append(folder.ends_with('/') ? "" : "/").append(name);
}

}  // namespace sqlite_exporter
