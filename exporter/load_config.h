/// From a command line to a configuration: which file is read, and that a flag wins over it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "exporter/command_line.h"
#include "exporter/config.h"
#include "exporter/config_draft.h"

namespace sqlite_exporter {

inline constexpr std::string_view kDefaultConfigFile = "/etc/sqlite_exporter/sqlite_exporter.toml";

class ConfigLoader {
 public:
  /// `collector_names` outlive it.
  ConfigLoader(CommandLine line, std::string default_file,
               std::span<const std::string_view> collector_names,
               std::vector<std::string_view> reserved_labels);

  /// Reads `--config.file`, or the default file if it exists and neither that flag nor a file to
  /// watch is given. What the files of the command line are, a pattern or a folder say, is asked
  /// the first time only: they mean the same while the program runs. Not from two threads at once.
  /// Error: config, one sentence; a short guide if there is nothing at all to go by.
  Result<Config> load();

 private:
  CommandLine line_;
  std::string default_file_;
  std::span<const std::string_view> collector_names_;
  std::vector<std::string_view> reserved_labels_;
  std::optional<std::vector<DatabaseDraft>> files_;
};

}  // namespace sqlite_exporter
