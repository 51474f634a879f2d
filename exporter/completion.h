/// Completion of the command line in shells, printed from its grammar.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "exporter/command_reference.h"

namespace sqlite_exporter {

enum class Shell : std::uint8_t { bash, fish, zsh };

/// A file for the shell's folder of completions.
std::string describe_completion(std::span<const CommandReference> commands, Shell shell);

}  // namespace sqlite_exporter
