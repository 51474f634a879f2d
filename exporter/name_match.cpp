#include "exporter/name_match.h"

#include <algorithm>
#include <string>
#include <utility>

#include "exporter/pattern_step.h"

namespace sqlite_exporter {

NameMatch match_name(const WalkStart& start, std::string_view path) {
  const std::string_view folder = start.directory;
  if (!path.starts_with(folder)) return {};
  path.remove_prefix(folder.size());
  if (!folder.ends_with('/') && !path.starts_with('/')) return {};
  if (path.starts_with('/')) path.remove_prefix(1);

  if (start.components.empty()) return {};

  Positions positions = with_successors(start.components, {0});
  NameMatch match;
  while (!path.empty()) {
    const std::string name(path.substr(0, path.find('/')));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    PatternStep step = match_next(start.components, positions, name.c_str());
    match = {step.is_match, !step.named.empty()};
    step.named.merge(step.deeper);
    positions = with_successors(start.components, std::move(step.named));
  }
  return match;
}

}  // namespace sqlite_exporter
