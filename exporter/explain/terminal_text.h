/// Markdown as the runbooks use it, for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace sqlite_exporter {

/// Headings without their marks, commands set in by four columns without their fences, links by
/// their words; all else as it is.
std::string terminal_text(std::string_view markdown);

}  // namespace sqlite_exporter
