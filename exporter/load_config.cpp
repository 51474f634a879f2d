/// From a command line to a configuration: which file is read, and that a flag wins over it.
#include "exporter/load_config.h"

#include <chrono>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "exporter/config_toml.h"
#include "exporter/naming.h"
#include "exporter/quoted.h"
#include "exporter/signal_mask.h"

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

/// What lies at the paths of the command line. Each is asked on a thread of its own: a mount that
/// hangs must not hold up the start, nor may it more than once.
class FileTypes {
 public:
  /// `none` also for what does not answer.
  fs::file_type of(const fs::path& path) {
    const fs::path directory = path.parent_path();
    if (silent_.contains(directory)) return fs::file_type::none;
    const auto promise = std::make_shared<std::promise<fs::file_type>>();
    std::future<fs::file_type> answer = promise->get_future();
    const SignalsBlocked blocked;
    try {
      std::thread([promise, path] { promise->set_value(type_at(path)); }).detach();
    } catch (const std::system_error&) {
      return fs::file_type::none;  // no thread is to be had
    }
    if (answer.wait_for(kLongest) == std::future_status::ready) return answer.get();
    silent_.insert(directory);
    return fs::file_type::none;
  }

 private:
  static fs::file_type type_at(const fs::path& path) {
    std::error_code error;
    const fs::file_type type = fs::status(path, error).type();
    // A link that leads nowhere is there all the same.
    return type == fs::file_type::not_found ? fs::symlink_status(path, error).type() : type;
  }

  static constexpr std::chrono::seconds kLongest{1};
  std::set<fs::path> silent_;
};

/// Brackets in a name that the shell has already expanded are no pattern, nor are those in the name
/// of the working directory. A directory is a folder without a slash, too.
Result<std::string> absolute_pattern(const std::string& file, FileTypes& types) {
  if (file.empty()) return file;
  const fs::file_type type = types.of(file);
  const bool is_there = type != fs::file_type::none && type != fs::file_type::not_found;
  std::string path = is_there ? literal_pattern(file) : file;
  if (type == fs::file_type::directory && !is_folder(path)) path += '/';
  if (path.starts_with('/')) return path;
  std::error_code error;
  const std::string directory = fs::current_path(error).string();
  if (error) return fail(Errc::config, "the working directory is unknown: " + error.message());
  const std::string_view below = path.starts_with("./") ? std::string_view(path).substr(2) : path;
  return literal_pattern(directory).append(directory == "/" ? "" : "/").append(below);
}

Result<std::vector<DatabaseDraft>> drafts_of(const std::vector<std::string>& files) {
  FileTypes types;
  std::vector<DatabaseDraft> drafts;
  for (const std::string& file : files) {
    auto path = absolute_pattern(file, types);
    if (!path) return fail(path.error());
    drafts.push_back(
        {.path = {std::move(*path), "argument " + in_quotes(file)}, .name = {}, .labels = {}});
  }
  return drafts;
}

/// A command line has no key `name`: files that are called the same are told apart by their
/// folders, or by their whole paths, as those of a glob are.
void tell_apart(std::vector<DatabaseDraft>& files, const std::vector<DatabaseDraft>& configured) {
  const auto name_of = [](const DatabaseDraft& draft) {
    return draft.name ? draft.name->value : derive_database_name(draft.path.value, {});
  };
  std::set<std::string> taken;
  for (const DatabaseDraft& draft : configured)
    if (!names_many(draft.path.value)) taken.insert(name_of(draft));
  std::map<std::string, std::vector<DatabaseDraft*>> by_name;
  for (DatabaseDraft& file : files)
    if (!names_many(file.path.value)) by_name[name_of(file)].push_back(&file);
  for (const auto& [name, drafts] : by_name) {
    if (drafts.size() == 1 && taken.insert(name).second) continue;
    std::vector<std::string> paths;
    for (const DatabaseDraft* const draft : drafts) paths.push_back(draft->path.value);
    const std::vector<std::string> names = names_apart(paths);
    for (std::size_t i = 0; i < drafts.size(); ++i) {
      const bool fresh = taken.insert(names[i]).second;
      drafts[i]->name = Written<std::string>{fresh ? names[i] : paths[i], drafts[i]->path.where};
    }
  }
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

ConfigLoader::ConfigLoader(CommandLine line, std::string default_file,
                           std::span<const std::string_view> collector_names,
                           std::vector<std::string_view> reserved_labels)
    : line_(std::move(line)),
      default_file_(std::move(default_file)),
      collector_names_(collector_names),
      reserved_labels_(std::move(reserved_labels)) {}

Result<Config> ConfigLoader::load() {
  auto draft = read_file(line_, default_file_, collector_names_);
  if (!draft) return fail(draft.error());
  if (!files_) {
    auto drafts = drafts_of(line_.files);
    if (!drafts) return fail(drafts.error());
    files_ = std::move(*drafts);
  }
  std::vector<DatabaseDraft> files = *files_;
  tell_apart(files, draft->databases);
  draft->databases.insert(draft->databases.end(), files.begin(), files.end());
  override_with(draft->poll_interval, line_.poll_interval, "--poll.interval");
  override_with(draft->web_listen_address, line_.web_listen_address, "--web.listen-address");
  override_with(draft->log_level, line_.log_level, "--log.level");
  override_with(draft->log_format, line_.log_format, "--log.format");
  for (const auto& [name, enabled] : line_.collector_enabled)
    draft->collector_enabled[name] = enabled;
  return make_config(*draft, reserved_labels_);
}

}  // namespace sqlite_exporter
