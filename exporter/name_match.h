/// What a pattern makes of one path, without a walk: for names that are said to have changed.
#pragma once

#include <string_view>

#include "exporter/walk.h"

namespace sqlite_exporter {

struct NameMatch {
  bool file = false;    ///< the whole pattern matches: a database may be there
  bool folder = false;  ///< the pattern goes on behind it, `**` aside
};

/// Of a path below `start.directory`, as `walk` has it; any other matches nothing. The folders
/// above its last name are taken for folders that the walk has come through.
NameMatch match_name(const WalkStart& start, std::string_view path);

}  // namespace sqlite_exporter
