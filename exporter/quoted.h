/// Text of the user's inside a sentence of ours: in quotes, and always on one line.
#pragma once

#include <string>
#include <string_view>

namespace sqlite_exporter {

/// `"text"` with quotes, backslashes and control characters escaped, cut after 200 bytes.
std::string in_quotes(std::string_view text);

bool has_control_character(std::string_view text);

}  // namespace sqlite_exporter
