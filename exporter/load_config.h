/// From a command line to a configuration: which file is read, and that a flag wins over it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "collectors/base/result.h"
#include "exporter/command_line.h"
#include "exporter/config.h"

namespace sqlite_exporter {

inline constexpr std::string_view kDefaultConfigFile = "/etc/sqlite_exporter/sqlite_exporter.toml";

/// Reads `--config.file`, or `default_file` if it exists and neither that flag nor a file to watch
/// is given. Error: config, one sentence; a short guide if there is nothing at all to go by.
Result<Config> load_config(const CommandLine& line, const std::string& default_file,
                           std::span<const std::string_view> collector_names,
                           std::span<const std::string_view> reserved_labels);

}  // namespace sqlite_exporter
