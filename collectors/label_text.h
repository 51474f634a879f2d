/// Label pairs and HELP as the Prometheus text format writes them: escaped, and valid UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace sqlite_exporter {

/// Appends `name="value"`; backslash, quote and newline are escaped, bytes that are not UTF-8
/// become U+FFFD (Prometheus refuses the whole page otherwise, and a path may hold any byte).
void append_label(std::string& text, std::string_view name, std::string_view value);

/// Appends `help` likewise, but for quotes: in a HELP line they stand for themselves.
void append_help(std::string& text, std::string_view help);

/// True if `name` matches [a-zA-Z_][a-zA-Z0-9_]* and does not begin with two underscores.
bool valid_label_name(std::string_view name);

}  // namespace sqlite_exporter
