#include "exporter/demo/demo.h"

#include <algorithm>
#include <array>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectors/registry.h"
#include "exporter/clock.h"
#include "exporter/daemon.h"
#include "exporter/demo/cause.h"
#include "exporter/demo/children.h"
#include "exporter/demo/folder.h"
#include "exporter/demo/table.h"
#include "exporter/load_config.h"
#include "exporter/loop.h"
#include "exporter/naming.h"
#include "exporter/reference.h"
#include "exporter/rendered_labels.h"

namespace sqlite_exporter {

namespace {

struct DemoDatabase {
  const char* file;
  std::array<const char*, 2> applications;  ///< kinds; null: none
};

/// The forgotten reader is another process than the writer it starves, as in life.
constexpr std::array<DemoDatabase, 3> kDatabases = {{
    {"healthy.db", {"wal", nullptr}},
    {"pinned.db", {"wal", "pinned-reader"}},
    {"rollback.db", {"rollback", nullptr}},
}};

Result<void> start_applications(std::span<const DemoDatabase> databases, DemoChildren& children,
                                const std::string& folder) {
  for (const DemoDatabase& database : databases) {
    for (const char* kind : database.applications) {
      if (kind == nullptr) continue;
      if (const Result<pid_t> pid = children.start(kind, folder + '/' + database.file); !pid)
        return fail(pid.error());
    }
  }
  return {};
}

/// With an incident one that is well is left, to compare with.
Result<void> start(const Incident* incident, DemoChildren& children, const std::string& folder) {
  if (incident == nullptr) return start_applications(kDatabases, children, folder);
  const Result<void> healthy = start_applications(std::span(kDatabases).first(1), children, folder);
  return healthy ? cause(*incident, children, folder) : healthy;
}

void introduce(const Incident* incident, const std::string& folder, const std::string& address) {
  std::cout << "Watching " << (incident != nullptr ? "two" : "three") << " live databases in "
            << folder << '\n';
  if (incident != nullptr)
    std::cout << "Incident " << incident->name << ": " << incident->sentence << ".\n"
              << "Runbook: sqlite_exporter explain " << incident->alert << ' ' << folder << '/'
              << incident->name << ".db\n         http://" << address << "/runbooks/"
              << incident->alert << '\n';
  std::cout << "Metrics: http://" << address << "/metrics (Ctrl-C ends the demo and removes all)\n"
            << std::flush;
}

/// The value of a family in one subject's readings, if it was read.
std::optional<double> value_of(const SubjectReadings& subject, std::string_view name) {
  for (const Reading& reading : subject.batch.readings())
    if (reading.metric->name() == name) return reading.value;
  return std::nullopt;
}

std::optional<std::uint64_t> count_of(const SubjectReadings& subject, std::string_view name) {
  const std::optional<double> value = value_of(subject, name);
  if (!value) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

/// "pinned-reader (pid 812)".
std::optional<std::string> pinner_of(const SubjectReadings& subject) {
  const auto pid = count_of(subject, "sqlite_oldest_reader_pid");
  if (!pid) return std::nullopt;
  std::string process;
  for (const Reading& reading : subject.batch.readings())
    if (reading.metric->name() == "sqlite_reader_pinned_frames")
      process = label_value(subject.batch.labels(reading), "owner_process").value_or("");
  return process.append(" (pid ").append(std::to_string(*pid)).append(")");
}

DemoRow row_of(const SubjectReadings& subject) {
  DemoRow row;
  row.database = label_value(*subject.labels, "database").value_or("");
  for (const Reading& reading : subject.batch.readings())
    if (reading.metric->name() == "sqlite_database_info")
      row.journal_mode = label_value(subject.batch.labels(reading), "journal_mode");
  row.transactions = count_of(subject, "sqlite_transactions_total");
  row.wal_frames = count_of(subject, "sqlite_wal_frames");
  row.wal_pinned_frames = count_of(subject, "sqlite_wal_pinned_frames");
  row.pinned_by = pinner_of(subject);
  row.wal_file_size_bytes = count_of(subject, "sqlite_wal_file_size_bytes");
  if (const auto written = value_of(subject, "sqlite_last_write_timestamp_seconds"))
    row.seconds_since_last_write = std::max(0.0, unix_now() - *written);
  return row;
}

void show(const Snapshot& snapshot) {
  std::vector<DemoRow> rows;
  for (const SubjectReadings& subject : snapshot.subjects())
    if (!subject.labels->empty()) rows.push_back(row_of(subject));  // "": the node
  std::cout << '\n' << demo_table(rows) << std::flush;
}

}  // namespace

Result<bool> run_demo(const CommandLine& line) {
  for (const int signal_number : kStopSignals) defer_signal(signal_number);
  const Result<TemporaryFolder> folder = TemporaryFolder::create();
  if (!folder) return fail(folder.error());
  CommandLine demo = line;
  demo.files = {literal_pattern(folder->path()) + "/*.db"};
  if (!demo.web_listen_address) demo.web_listen_address = "127.0.0.1:10003";
  if (!demo.poll_interval) demo.poll_interval = "2s";
  if (!demo.log_level) demo.log_level = "warn";
  const Result<Config> config =
      ConfigLoader(demo, std::string(), collector_names(), reserved_labels()).load();
  if (!config) return fail(config.error());

  DemoChildren children;
  if (const Result<void> started = start(line.incident, children, folder->path()); !started)
    return fail(started.error());
  const Log log(config->log().level, config->log().format);
  DaemonOptions options;
  options.paths.procfs = line.procfs;
  options.listening = [&](const std::string& address) {
    introduce(line.incident, folder->path(), address);
  };
  options.published = show;
  const Result<bool> ended = run_daemon(*config, log, options);
  const Result<void> stopped = children.stop();
  if (!ended) return fail(ended.error());
  if (!stopped) {
    if (line.incident == nullptr) return fail(stopped.error());
    // Of an incident it may be the end: the operator kills what is in the way.
    log.info("an application did not end by itself", {{"error", stopped.error().message}});
  }
  return *ended;
}

}  // namespace sqlite_exporter
