/// The command line: flags after node_exporter, files to watch, and a few verbs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "exporter/demo/incident.h"

namespace sqlite_exporter {

enum class ReportFormat : std::uint8_t { text, json };

/// What can be printed of the declarations in the code.
enum class Document : std::uint8_t {
  metrics_markdown,
  metrics_json,
  config_markdown,
  config_json,
  config_man,
  flags_man,
  completion_bash,
  completion_fish,
  completion_zsh,
};

struct CommandLine {
  enum class Verb : std::uint8_t {
    run,
    demo,
    demo_application,  ///< one application of the demo; not in the help
    check_config,
    describe,
    inspect,
    explain,
    selftest,
    once,
    sql_worker,  ///< the child that reads databases by SQL; not in the help
    version,
    help,
  };

  Verb verb = Verb::run;
  std::string text;  ///< what `help` and `version` print

  std::optional<std::string> config_file;  ///< of `run`, `selftest`, `explain`, `check_config`
  std::vector<std::string> files;          ///< paths and globs as typed; of `inspect` paths
  std::optional<std::string> web_listen_address;
  std::optional<std::string> log_level;
  std::optional<std::string> log_format;
  std::optional<std::string> poll_interval;
  std::map<std::string, bool, std::less<>> collector_enabled;  ///< only those with a flag
  std::string procfs = "/proc";
  std::string sysfs = "/sys";
  std::string rootfs = "/";

  Document document = Document::metrics_markdown;  ///< of `describe`

  ReportFormat report_format = ReportFormat::text;  ///< of `inspect`
  bool watch = false;                               ///< the same

  std::string alert;     ///< of `explain`; "" for a list of them
  std::string database;  ///< the same: a path if it has a slash, else a name; "" for none

  std::optional<std::string> textfile;  ///< of `once`: where the page goes; else it is printed

  const Incident* incident = nullptr;  ///< of `demo`; null: none

  std::string application_kind;  ///< of `demo_application`
  std::string application_path;
};

/// `arguments` without the program's name. Values are not validated here but by `ConfigLoader`, so
/// that a flag and a key of the file are held to one rule. Error: config, one sentence.
Result<CommandLine> parse_command_line(std::span<const char* const> arguments,
                                       std::span<const std::string_view> collector_names,
                                       std::string_view version);

}  // namespace sqlite_exporter
