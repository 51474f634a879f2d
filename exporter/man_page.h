/// Manual pages, printed from the declarations in the code.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "exporter/command_reference.h"

namespace sqlite_exporter {

/// sqlite_exporter(1).
std::string describe_program(std::span<const CommandReference> commands, std::string_view version);

/// sqlite_exporter.toml(5).
std::string describe_config_file(std::string_view version);

}  // namespace sqlite_exporter
