/// Names of databases: from the configured path alone, so that a new file never renames old series.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sqlite_exporter {

/// True if `path` holds a glob character: `*`, `?` or `[`.
bool is_pattern(std::string_view path);

/// True if `path` ends with a slash: all that is below it is meant.
bool is_folder(std::string_view path);

/// True for both: which files are meant is for a walk to say.
bool names_many(std::string_view path);

/// A pattern that matches exactly the file `path`, whatever characters its name holds.
std::string literal_pattern(std::string_view path);

/// The directory before the first component with a glob character; of a plain path, its directory.
/// Without a slash at its end, but for "/" itself.
std::string_view fixed_prefix(std::string_view pattern);

/// The label `database` of the file at `file_path` that `pattern` matched: its path below the fixed
/// prefix, or below the folder, without the last extension. `/data/*/app.db` and `/data/` name
/// `/data/x/app.db` "x/app". A plain path names its file whatever it links to. Never empty for a
/// path that names a file.
std::string derive_database_name(std::string_view pattern, std::string_view file_path);

/// Names for plain absolute paths whose files are called the same: each path from the first folder
/// in which they differ, without the last extension. `/x/a/app.db` and `/x/b/app.db` become "a/app"
/// and "b/app". Those that differ in the extension alone still have one name.
std::vector<std::string> names_apart(const std::vector<std::string>& paths);

/// `name` with `\xff` for each byte that is not UTF-8, and for NUL: labels cannot hold them, and
/// two names must not become one.
std::string as_utf8(std::string_view name);

}  // namespace sqlite_exporter
