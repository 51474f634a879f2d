/// Which files are databases: those a `[[database]]` entry means at this moment.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/linux/file.h"
#include "exporter/use.h"

namespace sqlite_exporter {

struct Found {
  std::string matched_path;
  std::string path;  ///< its realpath; `matched_path` itself if it is absent or cannot be resolved
  /// Two paths of one file are a bind mount, or a hard link if `link_count` is above 1. Not set if
  /// the file could not be asked.
  std::optional<FileIdentity> identity{};
  std::uint64_t link_count = 0;
  double modified = 0;    ///< mtime, unix seconds; 0 if the file could not be asked
  Use use = Use::unseen;  ///< of one that is new
  /// Whose symbolic link led here, if that is neither root nor we: the file must be his.
  RequiredOwner link_owner{};
};

struct CheckRules {
  /// Of a realpath: it is watched already, whatever it holds now.
  std::function<bool(std::string_view)> is_known = [](std::string_view) { return false; };
  /// Of a realpath: a link leads where nobody shall look.
  std::function<bool(std::string_view)> is_excluded = [](std::string_view) { return false; };
};

enum class Likeness : std::uint8_t {
  none,
  noise,  ///< like an encrypted database, and nothing but its looks says so
  database,
};

/// Of a file with its realpath, a database if it is known, begins as one of SQLite's or Turso's
/// does, is encrypted and something beside its looks says so (`is_used_as_database`), or may not be
/// read: that is for the full look to say. It is identified then. Never one of SQLite's own files
/// beside a database. Opens regular files only, as `File::open` does, and none that is known.
/// Blocks as long as the filesystem does. Errors: limit (no descriptor is left), and those of a
/// filesystem that cannot say.
Result<Likeness> likeness_of(Found& file, const CheckRules& rules);

/// A plain path is always found, there or not: it is watched for. `real` is its realpath, or the
/// same where there is none.
Found found_at(const std::string& path, const std::string& real);

}  // namespace sqlite_exporter
