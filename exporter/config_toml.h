/// Reads the configuration file: TOML by toml++, each key checked against the declared ones.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "collectors/base/result.h"
#include "exporter/config_draft.h"

namespace sqlite_exporter {

/// `file` is what the sentences call the text. Error: config, with file, line, column and key.
Result<ConfigDraft> parse_config_toml(std::string_view text, const std::string& file,
                                      std::span<const std::string_view> collector_names);

/// Error: config, also for a file that cannot be read.
Result<ConfigDraft> read_config_file(const std::string& path,
                                     std::span<const std::string_view> collector_names);

}  // namespace sqlite_exporter
