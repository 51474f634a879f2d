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
#include "exporter/explain/culprit.h"
#include "exporter/explain/live_values.h"
#include "exporter/explain/placeholders.h"
#include "exporter/explain/take_snapshot.h"
#include "exporter/explain/terminal_text.h"
#include "exporter/inspect/inspect.h"
#include "exporter/inspect/report_text.h"
#include "exporter/inspect/words.h"
#include "exporter/naming.h"
#include "exporter/quoted.h"
#include "exporter/reference.h"
#include "exporter/rendered_labels.h"
#include "exporter/runbooks/runbooks.h"

namespace sqlite_exporter {

namespace {

constexpr const char* kInterval = "300ms";
constexpr std::size_t kMostRows = 20;

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
  return line.config_file || !line.files.empty() ||
         ::access(std::string(kDefaultConfigFile).c_str(), F_OK) == 0;
}

std::set<std::string> databases_in(const Snapshot& snapshot) {
  std::set<std::string> names;
  for (const SubjectReadings& subject : snapshot.subjects())
    if (auto name = label_value(*subject.labels, "database")) names.insert(std::move(*name));
  return names;
}

std::string list_of(const auto& words) {
  std::string text;
  for (const auto& word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

/// The one that is asked for, else the only one that the alert can be about.
Result<std::optional<std::string>> choose_database(const std::string& asked, const Runbook& runbook,
                                                   const Snapshot& snapshot) {
  const std::set<std::string> all = databases_in(snapshot);
  if (!asked.empty() && !is_path(asked)) {
    if (all.contains(asked)) return asked;
    return fail(Errc::config, "no database is called " + in_quotes(asked) + "; there are " +
                                  (all.empty() ? "none" : list_of(all)));
  }
  if (all.size() == 1) return *all.begin();
  std::set<std::string> concerned;
  for (const LiveValue& value :
       live_values(snapshot, std::vector{values_of(runbook).front()}, std::nullopt))
    concerned.insert(value.database);
  if (concerned.size() == 1 && !concerned.begin()->empty()) return *concerned.begin();
  return std::nullopt;
}

void fill_in_database(Known& known, const Runbook& runbook, const std::string& asked,
                      const NodePaths& paths) {
  const std::string& database = *known.database;
  // A label has lost bytes that are no UTF-8.
  const std::string path =
      is_path(asked) ? asked
                     : label_of_database(*known.snapshot, database, "sqlite_database_info", "path")
                           .value_or("");
  if (const auto mount =
          label_of_database(*known.snapshot, database, "sqlite_database_info", "mountpoint"))
    known.placeholders["MOUNTPOINT"] = *mount;
  if (path.empty()) return;
  known.placeholders["DATABASE"] = path;
  Observed observed = observe_once(path, paths.procfs);
  known.ended = known.ended && observed.ended;
  known.observation = std::move(observed.observation);
  add_culprit(known.placeholders, *known.observation, runbook);
}

Result<Known> look_around(const CommandLine& line, const Runbook& runbook, const NodePaths& paths) {
  Known known;
  CommandLine watched = line;
  watched.poll_interval = kInterval;
  watched.log_level = "error";
  if (is_path(line.database)) watched.files = {literal_pattern(line.database)};
  known.placeholders["CONFIG"] = line.config_file.value_or(std::string(kDefaultConfigFile));
  if (!has_configuration(watched)) {
    if (line.database.empty()) return known;
    return fail(Errc::config, "there is no configuration in which " + in_quotes(line.database) +
                                  " could be found: give --config.file, or its path");
  }
  const Result<Config> config =
      ConfigLoader(watched, std::string(kDefaultConfigFile), collector_names(), reserved_labels())
          .load();
  if (!config) return fail(config.error());
  const Log log(config->log().level, config->log().format);
  TakenSnapshot taken = take_snapshot(*config, log, paths);
  known.ended = taken.ended;
  known.snapshot = std::move(taken.snapshot);
  if (!known.snapshot) return known;
  auto database = choose_database(line.database, runbook, *known.snapshot);
  if (!database) return fail(database.error());
  known.database = std::move(*database);
  if (known.database) fill_in_database(known, runbook, line.database, paths);
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
  std::vector<RunbookValue> wanted = values_of(runbook);
  // Of all databases only what the alert is about.
  if (!known.database) wanted.resize(1);
  const std::vector<LiveValue> values = live_values(*known.snapshot, wanted, known.database);
  std::string text = values.empty() ? "  Nothing of what the alert is about can be seen now.\n"
                                    : table_of(values, !known.database);
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
  if (!unknown.empty()) text.append("To be put in: ").append(list_of(unknown)).append("\n");
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
    std::vector<std::string_view> names;
    for (const Runbook& each : all_runbooks()) names.push_back(each.alert);
    return fail(Errc::config,
                "there is no alert " + in_quotes(line.alert) + "; there are " + list_of(names));
  }
  Result<Known> known = look_around(line, *runbook, paths);
  if (!known) return fail(known.error());
  write_explanation(*runbook, *known, out);
  return known->ended;
}

}  // namespace sqlite_exporter
