/// The entry point: from the command line to the verb, and from errors to exit codes.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "collectors/registry.h"
#include "exporter/command_line.h"
#include "exporter/command_reference.h"
#include "exporter/completion.h"
#include "exporter/config_toml.h"
#include "exporter/daemon.h"
#include "exporter/demo/application.h"
#include "exporter/demo/demo.h"
#include "exporter/explain/explain.h"
#include "exporter/inspect/inspect.h"
#include "exporter/load_config.h"
#include "exporter/log.h"
#include "exporter/loop.h"
#include "exporter/man_page.h"
#include "exporter/node_paths.h"
#include "exporter/once.h"
#include "exporter/reference.h"
#include "exporter/runbooks/runbooks.h"
#include "exporter/selftest/selftest.h"
#include "exporter/sql/check_queries.h"
#include "exporter/sql/worker/worker.h"
#include "exporter/thread.h"

namespace sqlite_exporter {
namespace {

constexpr int kFailed = 1;
constexpr int kBadInput = 2;
constexpr const char* kOnceInterval = "300ms";

int report(const Error& error) {
  std::cerr << "sqlite_exporter: " << error.message << '\n';
  return error.code == Errc::config || error.code == Errc::limit ? kBadInput : kFailed;
}

/// Whether all could be written to standard output.
bool is_told() {
  std::cout << std::flush;
  if (!std::cout) std::cerr << "sqlite_exporter: standard output cannot be written\n";
  return static_cast<bool>(std::cout);
}

int print(const std::string& text) {
  std::cout << text;
  return is_told() ? 0 : kFailed;
}

/// Else files, sockets and libuv's own descriptors would become what others write to.
void fill_standard_descriptors() {
  int descriptor = -1;
  do {
    descriptor = ::open("/dev/null", O_RDONLY);
  } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor >= 0) ::close(descriptor);
}

ConfigLoader loader_of(const CommandLine& line) {
  return {line, std::string(kDefaultConfigFile), collector_names(), reserved_labels()};
}

int leave(const Result<bool>& ended) {
  if (!ended) return report(ended.error());
  // A thread on a hung mount cannot be joined, and libuv would try to at exit.
  if (!*ended) ::_exit(0);
  return 0;
}

/// Held back from the first instruction on, for whoever is told to stop before it has begun.
constexpr std::array kEarlySignals = {SIGTERM, SIGINT, SIGHUP};

/// Until the loop has them: who is told to stop ends well, also if the configuration does not
/// answer; a reload waits for its turn.
void end_at_once_if_told_to() {
  for (const int signal_number : {SIGTERM, SIGINT}) {
    ::signal(signal_number, [](int) { ::_exit(0); });
    allow_signal(signal_number);
  }
}

int run(const CommandLine& line) {
  end_at_once_if_told_to();
  end_without_memory();
  ConfigLoader loader = loader_of(line);
  const Result<Config> config = loader.load();
  if (!config) return report(config.error());
  const Result<NodePaths> paths = node_paths_of(line);
  if (!paths) return report(paths.error());
  const Log log(config->log().level, config->log().format);
  DaemonOptions options;
  options.paths = *paths;
  if (line.config_file || line.files.empty()) options.reload = [&loader] { return loader.load(); };
  return leave(run_daemon(*config, log, options));
}

/// Where the file has the statements of its queries.
Result<std::vector<std::string>> places_of_statements(const CommandLine& line) {
  const Result<ConfigDraft> draft =
      read_config_file(line.config_file.value_or(""), collector_names());
  if (!draft) return fail(draft.error());
  std::vector<std::string> places;
  for (const QueryDraft& query : draft->queries)
    if (query.sql) places.push_back(query.sql->where);
  return places;
}

int check_config(const CommandLine& line) {
  const Result<Config> config = loader_of(line).load();
  if (!config) return report(config.error());
  const Result<void> checked =
      places_of_statements(line).and_then([&](const std::vector<std::string>& places) {
        return check_queries(config->sql().queries, places);
      });
  if (!checked && checked.error().code == Errc::config) return report(checked.error());
  if (!checked)
    std::cerr << "sqlite_exporter: the queries could not be checked: " << checked.error().message
              << '\n';
  return print(line.config_file.value_or("") + ": ok\n");
}

int inspect(const CommandLine& line) {
  if (const Result<NodePaths> paths = node_paths_of(line); !paths) return report(paths.error());
  const Inspected inspected = run_inspect(line, std::cout, ::isatty(STDOUT_FILENO) == 1);
  const int code = is_told() ? exit_code(inspected.verdict) : kBadInput;
  if (!inspected.ended) ::_exit(code);
  return code;
}

int explain(const CommandLine& line) {
  const Result<NodePaths> paths = node_paths_of(line);
  if (!paths) return report(paths.error());
  const Result<bool> ended = run_explain(line, *paths, std::cout);
  if (!is_told()) return kFailed;
  return leave(ended);
}

int selftest(const CommandLine& line) {
  const Result<Config> config = loader_of(line).load();
  if (!config) return report(config.error());
  const Result<NodePaths> paths = node_paths_of(line);
  if (!paths) return report(paths.error());
  // What it finds out is told on standard output.
  const Log log(std::max(config->log().level, LogLevel::warn), config->log().format);
  const SelftestEnd end = run_selftest(*config, log, *paths, std::cout);
  const int code = is_told() ? static_cast<int>(end.verdict) : kBadInput;
  if (!end.ended) ::_exit(code);
  return code;
}

int once(CommandLine line) {
  // What takes a look or two of the daemon is told at once here.
  line.poll_interval = kOnceInterval;
  const Result<Config> config = loader_of(line).load();
  if (!config) return report(config.error());
  const Result<NodePaths> paths = node_paths_of(line);
  if (!paths) return report(paths.error());
  const Log log(std::max(config->log().level, LogLevel::warn), config->log().format);
  const Result<OncePage> page = metrics_once(*config, log, *paths);
  if (!page) ::_exit(report(page.error()));  // perhaps a job still hangs on a mount
  int code = 0;
  if (!line.textfile) {
    code = print(page->text);
  } else if (const Result<void> done = replace_textfile(*line.textfile, page->text); !done) {
    code = report(done.error());
  }
  if (!page->ended) ::_exit(code);
  return code;
}

/// The verbs and flags, with the alerts that `explain` knows.
std::vector<CommandReference> commands() {
  std::vector<CommandReference> commands = command_reference(collector_names());
  for (CommandReference& command : commands) {
    if (command.name != "explain") continue;
    command.hint.kind = ValueHint::Kind::words;
    for (const Runbook& runbook : all_runbooks()) command.hint.words.emplace_back(runbook.alert);
  }
  return commands;
}

std::string text_of(Document document) {
  switch (document) {
    case Document::metrics_markdown:
      return describe_metrics(all_metrics(), DescribeFormat::markdown);
    case Document::metrics_json: return describe_metrics(all_metrics(), DescribeFormat::json);
    case Document::config_markdown: return describe_config(DescribeFormat::markdown);
    case Document::config_json: return describe_config(DescribeFormat::json);
    case Document::config_man: return describe_config_file(PROJECT_VERSION);
    case Document::flags_man: return describe_program(commands(), PROJECT_VERSION);
    case Document::completion_bash: return describe_completion(commands(), Shell::bash);
    case Document::completion_fish: return describe_completion(commands(), Shell::fish);
    case Document::completion_zsh: return describe_completion(commands(), Shell::zsh);
  }
  return {};
}

int run_verb(const CommandLine& line) {
  if (line.verb != CommandLine::Verb::run)
    for (const int signal_number : kEarlySignals) allow_signal(signal_number);
  switch (line.verb) {
    case CommandLine::Verb::run: return run(line);
    case CommandLine::Verb::check_config: return check_config(line);
    case CommandLine::Verb::demo: return leave(run_demo(line));
    case CommandLine::Verb::demo_application:
      return run_demo_application(line.application_kind, line.application_path);
    case CommandLine::Verb::describe: return print(text_of(line.document));
    case CommandLine::Verb::inspect: return inspect(line);
    case CommandLine::Verb::explain: return explain(line);
    case CommandLine::Verb::selftest: return selftest(line);
    case CommandLine::Verb::once: return once(line);
    case CommandLine::Verb::sql_worker:
      // Its destructors, and a leak checker, would need what it gave up.
      std::_Exit(run_sql_worker(line.procfs));
    case CommandLine::Verb::version:
    case CommandLine::Verb::help: return print(line.text);
  }
  return kFailed;
}

}  // namespace
}  // namespace sqlite_exporter

int main(int argc, char** argv) {
  using namespace sqlite_exporter;
  for (const int signal_number : kEarlySignals) defer_signal(signal_number);
  fill_standard_descriptors();
  use_small_stacks();
  const std::span<const char* const> arguments(argv + 1, static_cast<std::size_t>(argc - 1));
  const Result<CommandLine> line =
      parse_command_line(arguments, collector_names(), PROJECT_VERSION);
  return line ? run_verb(*line) : report(line.error());
}
