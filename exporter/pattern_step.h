/// One step through a pattern's components: what a name makes of those that may match it.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sqlite_exporter {

/// The component that stands for any number of folders, none too.
inline constexpr std::string_view kAnyFolders = "**";

/// Which components may match a name next. Several, because `**` may stand for no folder: each
/// folder is read once, however many `**` a pattern has.
using Positions = std::set<std::size_t>;

/// With those behind a `**` that stands for no folder. Each position is one of a component.
Positions with_successors(const std::vector<std::string>& components, Positions positions);

struct PatternStep {
  bool is_match = false;  ///< the whole pattern, if the name is a file's
  Positions named;        ///< where it goes on in a folder of this name
  Positions deeper;       ///< where `**` goes on in any folder that is not hidden
};

/// `name` is of a file or a folder, at `positions`.
PatternStep match_next(const std::vector<std::string>& components, const Positions& positions,
                       const char* name);

}  // namespace sqlite_exporter
