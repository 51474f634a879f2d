#include "exporter/exclude.h"

#include <fnmatch.h>

#include <algorithm>

namespace sqlite_exporter {

bool is_excluded_itself(std::span<const std::string> globs, std::string_view path) {
  if (globs.empty()) return false;
  const std::string text(path);
  return std::ranges::any_of(globs, [&text](const std::string& glob) {
    return ::fnmatch(glob.c_str(), text.c_str(), FNM_NOESCAPE) == 0;
  });
}

bool is_excluded(std::span<const std::string> globs, std::string_view path) {
  if (globs.empty()) return false;
  for (std::size_t slash = path.find('/', 1); slash != std::string_view::npos;
       slash = path.find('/', slash + 1))
    if (is_excluded_itself(globs, path.substr(0, slash))) return true;
  return is_excluded_itself(globs, path);
}

}  // namespace sqlite_exporter
