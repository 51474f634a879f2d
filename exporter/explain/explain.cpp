#include "exporter/explain/explain.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collectors/registry.h"
#include "exporter/clock.h"
#include "exporter/descriptor_limit.h"
#include "exporter/enabled.h"
#include "exporter/explain/culprit.h"
#include "exporter/explain/live_values.h"
#include "exporter/explain/placeholders.h"
#include "exporter/explain/terminal_text.h"
#include "exporter/inspect/inspect.h"
#include "exporter/inspect/report_text.h"
#include "exporter/inspect/words.h"
#include "exporter/naming.h"
#include "exporter/quoted.h"
#include "exporter/reference.h"
#include "exporter/run_passes.h"
#include "exporter/runbooks/runbooks.h"

namespace sqlite_exporter {

namespace {

constexpr const char* kInterval = "300ms";
/// An old reader is one that two looks saw; one more for whoever came just now.
constexpr int kPasses = 3;
/// So many more for what is told only after five seconds (`kLongWait`).
constexpr int kPassesOfLongWait = 20;
constexpr std::size_t kMostRows = 20;
constexpr std::size_t kMostNames = 10;

/// What is known of this node when the runbook is printed.
struct Known {
  std::shared_ptr<const Snapshot> snapshot;  ///< null without a configuration
  std::optional<std::string> database;       ///< the label of the one that it is about
  std::optional<Observation> observation;    ///< of that one
  Placeholders placeholders;
  bool ended = true;
};

bool is_path(const std::string& database) { return database.find('/') != std::string::npos; }

bool has_configuration(const CommandLine& line) {
  return line.config_file || ::access(std::string(kDefaultConfigFile).c_str(), F_OK) == 0;
}

/// A few of them: an answer is one sentence.
std::string list_of(const std::vector<std::string>& words, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(words.size(), most); ++i)
    text.append(text.empty() ? "" : ", ").append(printable(words[i]));
  if (words.size() > most)
    text.append(" and ").append(std::to_string(words.size() - most)).append(" more");
  return text.empty() ? "none" : text;
}

/// What the alert is about: the first metric, in as many of its states as are named.
std::vector<RunbookValue> signs_of(const Runbook& runbook) {
  std::vector<RunbookValue> signs = values_of(runbook);
  const std::string_view metric = signs.front().metric;
  const auto other = std::ranges::find_if(
      signs, [&](const RunbookValue& value) { return value.metric != metric; });
  signs.erase(other, signs.end());
  return signs;
}

bool tells_commit_blocker(const Runbook& runbook) {
  return values_of(runbook).front().metric == "sqlite_commit_blocked_seconds";
}

int passes_for(const Runbook& runbook) {
  return tells_commit_blocker(runbook) ? kPasses + kPassesOfLongWait : kPasses;
}

/// The one that is asked for, else the only one that the alert can be about.
Result<std::optional<std::string>> choose_database(const std::string& asked, const Runbook& runbook,
                                                   const Passes& taken) {
  std::vector<std::string> all;
  for (const auto& [name, target] : *taken.databases) all.push_back(name);
  if (!asked.empty() && !is_path(asked)) {
    if (taken.databases->contains(asked)) return asked;
    return fail(Errc::config, "no database is called " + in_quotes(asked) + "; there are " +
                                  list_of(all, kMostNames) + " (a file in this folder is ./" +
                                  printable(asked) + ")");
  }
  if (all.size() == 1) return all.front();
  std::set<std::string> concerned;
  for (const LiveValue& value : live_values(*taken.snapshot, signs_of(runbook), std::nullopt))
    concerned.insert(value.database);
  if (concerned.size() == 1 && !concerned.begin()->empty()) return *concerned.begin();
  return std::nullopt;
}

void fill_in_database(Known& known, const Runbook& runbook, const std::string& path,
                      const Passes& taken, const NodePaths& paths) {
  Observed observed = observe_once(path, paths, taken.lock_holders);
  known.ended = known.ended && observed.ended;
  const Observation& observation = known.observation.emplace(std::move(observed.observation));
  // As the kernel names it for whoever has it open: commands compare it with /proc/<pid>/fd.
  known.placeholders["DATABASE"] = observation.look ? observation.look->path : path;
  if (known.database)
    if (const auto mount = label_of_database(*known.snapshot, *known.database,
                                             "sqlite_database_info", "mountpoint"))
      known.placeholders["MOUNTPOINT"] = *mount;
  add_culprit(known.placeholders, observation, runbook);
  if (known.database && tells_commit_blocker(runbook))
    add_commit_blocker(known.placeholders, *known.snapshot, *known.database);
}

Result<Config> load(const CommandLine& line) {
  CommandLine watched = line;
  watched.poll_interval = kInterval;
  watched.log_level = "error";
  if (is_path(line.database)) {
    // That one alone, whatever else is watched.
    watched.config_file.reset();
    watched.files = {literal_pattern(line.database)};
  }
  Result<Config> config =
      ConfigLoader(watched, std::string(kDefaultConfigFile), collector_names(), reserved_labels())
          .load();
  if (config && is_path(line.database) && is_folder(config->databases().front().path))
    return fail(Errc::config,
                in_quotes(line.database) + " is a folder: give the path of a database");
  return config;
}

Result<Known> look_around(const CommandLine& line, const Runbook& runbook, const NodePaths& paths) {
  Known known;
  known.placeholders["CONFIG"] = line.config_file.value_or(std::string(kDefaultConfigFile));
  if (!is_path(line.database) && !has_configuration(line)) {
    if (line.database.empty()) return known;
    return fail(Errc::config, "there is no configuration in which " + in_quotes(line.database) +
                                  " could be found: give --config.file, or its path (a file in "
                                  "this folder is ./" +
                                  printable(line.database) + ")");
  }
  const Result<Config> config = load(line);
  if (!config) return fail(config.error());
  const Log log(config->log().level, config->log().format);
  raise_descriptor_limit();
  const LookTools tools = make_tools(*config);
  const Passes taken = run_passes({*config, log, paths, tools}, passes_for(runbook), {});
  known.ended = taken.ended;
  known.snapshot = taken.snapshot;
  if (!known.snapshot) return known;
  Result<std::optional<std::string>> database = choose_database(line.database, runbook, taken);
  if (!database) return fail(database.error());
  known.database = std::move(*database);
  if (is_path(line.database))
    fill_in_database(known, runbook, line.database, taken, paths);
  else if (known.database)
    fill_in_database(known, runbook, taken.databases->at(*known.database).path, taken, paths);
  return known;
}

/// "sqlite_wal_frames  13  owner_process=..." in columns.
std::string table_of(const std::vector<LiveValue>& values, bool with_database) {
  const double now = unix_now();
  std::size_t width = 0;
  for (const LiveValue& value : values) width = std::max(width, value.metric.size());
  std::string text;
  for (std::size_t i = 0; i < std::min(values.size(), kMostRows); ++i) {
    const LiveValue& value = values[i];
    text.append("  ").append(value.metric).append(width - value.metric.size() + 2, ' ');
    text.append(value_in_words(value, now));
    if (with_database && !value.database.empty())
      text.append("  ").append(printable(value.database));
    if (!value.labels.empty()) text.append("  ").append(printable(value.labels));
    text.push_back('\n');
  }
  if (values.size() > kMostRows)
    text.append("  and ").append(std::to_string(values.size() - kMostRows)).append(" more\n");
  return text;
}

std::string now_text(const Known& known, const Runbook& runbook) {
  if (!known.snapshot)
    return "Not looked at: there is no configuration. Give --config.file, or a database's path.\n";
  // Of all databases only what the alert is about.
  const std::vector<RunbookValue> wanted = known.database ? values_of(runbook) : signs_of(runbook);
  const std::vector<LiveValue> values = live_values(*known.snapshot, wanted, known.database);
  std::string text = table_of(values, !known.database);
  if (values.empty())
    text = std::ranges::all_of(wanted, is_told_by_daemon)
               ? "  Not looked at here: the daemon tells it at /metrics.\n"
               : "  Nothing of what the alert is about can be seen now.\n";
  if (!known.observation) return text;
  return text.append("\n").append(report_text(*known.observation));
}

std::string filled_text(const Placeholders& placeholders, const std::vector<std::string>& left) {
  std::string text;
  for (const std::string& word : left) {
    const auto known = placeholders.find(word);
    // What a shell would not take as it is; to be quoted by whoever types it.
    if (known != placeholders.end())
      text.append(word).append(" is ").append(printable(known->second)).append("\n");
  }
  std::vector<std::string> unknown;
  for (const std::string& word : left)
    if (!placeholders.contains(word)) unknown.push_back(word);
  if (!unknown.empty())
    text.append("To be put in: ").append(list_of(unknown, unknown.size())).append("\n");
  return text;
}

void write_list(std::ostream& out) {
  for (const Runbook& runbook : all_runbooks()) {
    std::string summary(summary_of(runbook));
    std::ranges::replace(summary, '\n', ' ');
    out << runbook.alert << "\n    " << summary << '\n';
  }
}

void write_explanation(const Runbook& runbook, Known& known, std::ostream& out) {
  const FilledText body = fill(body_of(runbook), known.placeholders);
  out << runbook.alert << '\n' << summary_of(runbook) << "\n\nOn this node now";
  if (known.database) out << ": " << printable(*known.database);
  out << "\n\n" << now_text(known, runbook) << '\n';
  const std::string left = filled_text(known.placeholders, body.left);
  if (!left.empty()) out << left << '\n';
  out << terminal_text(body.text) << std::flush;
}

}  // namespace

Result<bool> run_explain(const CommandLine& line, const NodePaths& paths, std::ostream& out) {
  if (line.alert.empty()) {
    write_list(out);
    return true;
  }
  const Runbook* const runbook = find_runbook(line.alert);
  if (runbook == nullptr) {
    std::vector<std::string> names;
    for (const Runbook& each : all_runbooks()) names.emplace_back(each.alert);
    return fail(Errc::config, "there is no alert " + in_quotes(line.alert) + "; there are " +
                                  list_of(names, names.size()));
  }
  Result<Known> known = look_around(line, *runbook, paths);
  if (!known) return fail(known.error());
  write_explanation(*runbook, *known, out);
  return known->ended;
}

}  // namespace sqlite_exporter
