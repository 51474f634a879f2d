#include "exporter/name_match.h"

#include <fnmatch.h>

#include <algorithm>
#include <set>
#include <string>

#include "exporter/naming.h"

namespace sqlite_exporter {

namespace {

constexpr std::string_view kAnyFolders = "**";

bool matches(const std::string& component, const std::string& name) {
  constexpr int kFlags = FNM_PERIOD | FNM_PATHNAME | FNM_NOESCAPE;
  if (!is_pattern(component)) return component == name;
  return ::fnmatch(component.c_str(), name.c_str(), kFlags) == 0;
}

}  // namespace

NameMatch match_name(const WalkStart& start, std::string_view path) {
  const std::string_view folder = start.directory;
  if (!path.starts_with(folder)) return {};
  path.remove_prefix(folder.size());
  if (!folder.ends_with('/') && !path.starts_with('/')) return {};
  if (path.starts_with('/')) path.remove_prefix(1);

  // Which components may match the next name; `**` may stand for no folder.
  std::set<std::size_t> positions = {0};
  NameMatch match;
  while (!path.empty()) {
    const std::string name(path.substr(0, path.find('/')));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    match = {};
    std::set<std::size_t> next;
    for (const std::size_t position : positions) {
      if (position >= start.components.size()) continue;
      const std::string& component = start.components[position];
      const bool last = position + 1 == start.components.size();
      if (component == kAnyFolders) {
        if (!name.starts_with('.')) next.insert(position);
        if (!last) positions.insert(position + 1);  // greater: the loop comes to it, too
      } else if (matches(component, name)) {
        match.file = match.file || last;
        match.folder = match.folder || !last;
        if (!last) next.insert(position + 1);
      }
    }
    positions = std::move(next);
  }
  return match;
}

}  // namespace sqlite_exporter
