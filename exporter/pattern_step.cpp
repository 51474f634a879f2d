#include "exporter/pattern_step.h"

#include <fnmatch.h>

#include "exporter/naming.h"

namespace sqlite_exporter {

namespace {

bool matches(const std::string& component, const char* name) {
  constexpr int kFlags = FNM_PERIOD | FNM_PATHNAME | FNM_NOESCAPE;
  if (!is_pattern(component)) return component == name;
  return ::fnmatch(component.c_str(), name, kFlags) == 0;
}

}  // namespace

Positions with_successors(const std::vector<std::string>& components, Positions positions) {
  for (const std::size_t position : positions)
    if (components[position] == kAnyFolders && position + 1 < components.size())
      positions.insert(position + 1);  // greater than all before it: the loop comes to it, too
  return positions;
}

PatternStep match_next(const std::vector<std::string>& components, const Positions& positions,
                       const char* name) {
  PatternStep step;
  for (const std::size_t position : positions) {
    if (components[position] == kAnyFolders) {
      if (name[0] != '.') step.deeper.insert(position);
    } else if (matches(components[position], name)) {
      if (position + 1 == components.size())
        step.is_match = true;
      else
        step.named.insert(position + 1);
    }
  }
  return step;
}

}  // namespace sqlite_exporter
