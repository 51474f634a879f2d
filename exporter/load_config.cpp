/// From a command line to a configuration: which file is read, and that a flag wins over it.
#include "exporter/load_config.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "exporter/config_toml.h"
#include "exporter/naming.h"
#include "exporter/quoted.h"

namespace sqlite_exporter {
namespace {

namespace fs = std::filesystem;

std::string guide(const std::string& default_file) {
  return "there is nothing to watch: no file was named and " + default_file +
         " does not exist\n"
         "Try one of\n"
         "  sqlite_exporter demo                    live databases in a temporary folder\n"
         "  sqlite_exporter '/var/lib/*/*.db'       your own: files or globs\n"
         "  sqlite_exporter --config.file=FILE      what a configuration file names\n"
         "  sqlite_exporter --help                  everything else";
}

bool exists(const std::string& path) {
  std::error_code error;
  return fs::symlink_status(path, error).type() != fs::file_type::not_found;
}

/// Brackets in a name that the shell has already expanded are no pattern, nor are those in the name
/// of the working directory.
Result<std::string> absolute_pattern(const std::string& file) {
  std::string path = is_pattern(file) && exists(file) ? literal_pattern(file) : file;
  if (path.empty() || path.starts_with('/')) return path;
  std::error_code error;
  const std::string directory = fs::current_path(error).string();
  if (error) return fail(Errc::config, "the working directory is unknown: " + error.message());
  const std::string_view below = path.starts_with("./") ? std::string_view(path).substr(2) : path;
  return literal_pattern(directory).append(directory == "/" ? "" : "/").append(below);
}

Result<void> add_files(ConfigDraft& draft, const CommandLine& line) {
  for (const std::string& file : line.files) {
    auto path = absolute_pattern(file);
    if (!path) return fail(path.error());
    draft.databases.push_back(
        {.path = {std::move(*path), "argument " + in_quotes(file)}, .name = {}, .labels = {}});
  }
  return {};
}

void override_with(std::optional<Written<std::string>>& key,
                   const std::optional<std::string>& value, const char* flag) {
  if (value) key = Written<std::string>{*value, flag};
}

/// Only a file that is certainly absent is passed over; one that cannot be read is an error.
Result<ConfigDraft> read_file(const CommandLine& line, const std::string& default_file,
                              std::span<const std::string_view> collector_names) {
  if (line.config_file) return read_config_file(*line.config_file, collector_names);
  if (!line.files.empty()) return ConfigDraft{};
  if (!exists(default_file)) return fail(Errc::config, guide(default_file));
  return read_config_file(default_file, collector_names);
}

}  // namespace

Result<Config> load_config(const CommandLine& line, const std::string& default_file,
                           std::span<const std::string_view> collector_names,
                           std::span<const std::string_view> reserved_labels) {
  auto draft = read_file(line, default_file, collector_names);
  if (!draft) return fail(draft.error());
  if (auto added = add_files(*draft, line); !added) return fail(added.error());
  override_with(draft->poll_interval, line.poll_interval, "--poll.interval");
  override_with(draft->web_listen_address, line.web_listen_address, "--web.listen-address");
  override_with(draft->log_level, line.log_level, "--log.level");
  override_with(draft->log_format, line.log_format, "--log.format");
  for (const auto& [name, enabled] : line.collector_enabled)
    draft->collector_enabled[name] = enabled;
  return make_config(*draft, reserved_labels);
}

}  // namespace sqlite_exporter
