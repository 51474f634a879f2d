/// The command line: flags after node_exporter, files to watch, and a few verbs.
#include "exporter/command_line.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "exporter/command_reference.h"
#include "exporter/quoted.h"

namespace sqlite_exporter {
namespace {

using Verb = CommandLine::Verb;

constexpr const char* kDescription =
    "Watches SQLite databases from outside and serves Prometheus metrics.";

struct Described {
  std::string_view what;
  std::string_view format;
  Document document;
};

/// Of one `what` the first is meant without a format.
constexpr std::array<Described, 9> kDocuments = {{
    {"metrics", "markdown", Document::metrics_markdown},
    {"metrics", "json", Document::metrics_json},
    {"config", "markdown", Document::config_markdown},
    {"config", "json", Document::config_json},
    {"config", "man", Document::config_man},
    {"flags", "man", Document::flags_man},
    {"completion", "bash", Document::completion_bash},
    {"completion", "fish", Document::completion_fish},
    {"completion", "zsh", Document::completion_zsh},
}};

/// The grammar, bound to the `CommandLine` that a parse fills.
class Grammar {
 public:
  explicit Grammar(std::span<const std::string_view> collector_names) {
    app_.set_help_flag("-h,--help", "Print this help");
    app_.add_flag("--version", version_, "Print the version");
    app_.add_flag("--selftest", selftest_,
                  "Compare what is read of each database with what SQL says")
        ->disable_flag_override();
    app_.add_flag("--once", once_, "Print the metrics as they are now, and end")
        ->disable_flag_override();
    app_.add_option("--textfile", line_.textfile,
                    "With --once: write them there, for node_exporter's textfile collector")
        ->type_name("PATH.prom");
    app_.add_option("FILE_OR_GLOB", line_.files, "Databases to watch")->type_name("");
    app_.add_option("--config.file", line_.config_file, "Configuration file")->type_name("FILE");
    add_shared_flags(app_);
    for (const std::string_view name : collector_names) add_collector_flag(std::string(name));
    add_paths(app_);
    add_subcommands();
  }

  Result<CommandLine> parse(std::vector<std::string> arguments, std::string_view version) {
    try {
      std::ranges::reverse(arguments);  // CLI11 takes them from the back
      app_.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
      line_.verb = Verb::help;
      line_.text = app_.help();
      return std::move(line_);
    } catch (const std::exception& error) {
      return fail(Errc::config, one_line(error.what()) + "; see sqlite_exporter --help");
    }
    if (version_) {
      line_.verb = Verb::version;
      line_.text = "sqlite_exporter " + std::string(version) + "\n";
      return std::move(line_);
    }
    if (auto chosen = choose_verb(); !chosen) return fail(chosen.error());
    return std::move(line_);
  }

  std::vector<CommandReference> reference() const {
    std::vector<CommandReference> commands = {reference_of(app_)};
    for (const CLI::App* app :
         app_.get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); }))
      commands.push_back(reference_of(*app));
    return commands;
  }

 private:
  void add_shared_flags(CLI::App& app) {
    app.add_option("--web.listen-address", line_.web_listen_address, "Where metrics are served")
        ->type_name("HOST:PORT");
    app.add_option("--poll.interval", line_.poll_interval, "How often everything is read anew")
        ->type_name("DURATION");
    offer(app.add_option("--log.level", line_.log_level, "debug, info, warn or error")
              ->type_name("LEVEL"),
          {"debug", "info", "warn", "error"});
    offer(app.add_option("--log.format", line_.log_format, "logfmt or json")->type_name("FORMAT"),
          {"logfmt", "json"});
  }

  void add_procfs(CLI::App& app) {
    app.add_option("--path.procfs", line_.procfs, "Where procfs is mounted, by default /proc")
        ->type_name("DIRECTORY");
  }

  void add_paths(CLI::App& app) {
    add_procfs(app);
    app.add_option("--path.sysfs", line_.sysfs, "Where sysfs is mounted, by default /sys")
        ->type_name("DIRECTORY");
    app.add_option("--path.rootfs", line_.rootfs,
                   "Where the node's root directory is mounted, by default /")
        ->type_name("DIRECTORY");
  }

  void add_collector_flag(const std::string& name) {
    const auto add = [this, &name](const char* prefix, const char* verb, bool enabled) {
      app_.add_flag_callback(
              prefix + name, [this, name, enabled] { line_.collector_enabled[name] = enabled; },
              std::string(verb) + " the collector " + name)
          ->disable_flag_override()
          ->trigger_on_parse();  // of two that contradict each other the last wins
    };
    add("--collector.", "Enable", true);
    add("--no-collector.", "Disable", false);
  }

  void add_subcommands() {
    demo_ = app_.add_subcommand("demo", "Watch databases made for you in a temporary folder");
    add_shared_flags(*demo_);
    offer(demo_
              ->add_option("--incident", incident_,
                           "Cause one, to see it and to try its runbook: " + incident_names())
              ->type_name("NAME"),
          incidents());

    inspect_ = app_.add_subcommand("inspect", "Tell all that can be seen of databases, once");
    inspect_->add_option("FILE", inspected_, "Databases, by their paths")
        ->type_name("")
        ->required();
    offer(inspect_->add_option("--format", report_format_, "text or json")->type_name("FORMAT"),
          {"text", "json"});
    inspect_->add_flag("--watch", line_.watch, "Tell it every second, with ages and rates")
        ->disable_flag_override();
    add_procfs(*inspect_);
    inspect_->footer(
        "Exit code: 0 healthy, 1 something needs attention, 2 it cannot be said.\n"
        "Opens nothing through SQLite, changes nothing, and needs no configuration.");

    explain_ = app_.add_subcommand("explain", "Print an alert's runbook with this node's values");
    explain_->add_option("ALERT", line_.alert, "The alert; without one, all are listed")
        ->type_name("");
    explain_->add_option("DATABASE", line_.database, "Its path, or its name in the configuration")
        ->type_name("");
    explain_->add_option("--config.file", line_.config_file, "Configuration file")
        ->type_name("FILE");
    add_paths(*explain_);

    check_config_ = app_.add_subcommand("check-config", "Check a configuration file");
    check_config_->add_option("FILE", checked_file_, "Configuration file")
        ->type_name("")
        ->required();

    describe_ = app_.add_subcommand("describe", "Print a reference, or what shells complete by");
    offer(describe_->add_option("WHAT", described_, "metrics, config, flags or completion")
              ->type_name("")
              ->required(),
          {"metrics", "config", "flags", "completion"});
    offer(describe_
              ->add_option("--format", format_,
                           "markdown or json; of config also man, of flags man alone, of "
                           "completion bash, fish or zsh")
              ->type_name("FORMAT"),
          {"markdown", "json", "man", "bash", "fish", "zsh"});

    demo_application_ = app_.add_subcommand("demo-application", "One application of the demo");
    demo_application_->group("");  // not in the help: only `demo` starts it
    demo_application_->add_option("KIND", line_.application_kind)->required();
    demo_application_->add_option("PATH", line_.application_path)->required();

    sql_worker_ = app_.add_subcommand("sql-worker", "Runs statements for the exporter");
    sql_worker_->group("");  // not in the help: only the exporter starts it
    sql_worker_->add_option("--path.procfs", line_.procfs);
  }

  Result<void> choose_verb() {
    const auto subcommands = app_.get_subcommands();
    if (subcommands.empty()) {
      return choose_flag_verb();
    }
    for (const CLI::Option* option : app_.get_options())
      if (option->count() > 0)
        return fail(Errc::config, option->get_name() + " does not go with " +
                                      subcommands.front()->get_name() +
                                      "; see sqlite_exporter --help");
    if (demo_application_->parsed()) line_.verb = Verb::demo_application;
    if (sql_worker_->parsed()) line_.verb = Verb::sql_worker;
    if (check_config_->parsed()) {
      line_.verb = Verb::check_config;
      line_.config_file = checked_file_;
    }
    if (explain_->parsed()) line_.verb = Verb::explain;
    if (demo_->parsed()) return choose_incident();
    if (describe_->parsed()) return choose_description();
    if (inspect_->parsed()) return choose_report();
    return {};
  }

  Result<void> choose_flag_verb() {
    if (selftest_ && once_) return fail(Errc::config, "--selftest and --once do not go together");
    if (line_.textfile && !once_) return fail(Errc::config, "--textfile goes with --once");
    // node_exporter reads no other; and a database given by mistake is not replaced.
    if (line_.textfile && !line_.textfile->ends_with(".prom"))
      return fail(Errc::config, "--textfile must be a path that ends in .prom, not " +
                                    in_quotes(*line_.textfile));
    if (selftest_) line_.verb = Verb::selftest;
    if (once_) line_.verb = Verb::once;
    return {};
  }

  Result<void> choose_incident() {
    line_.verb = Verb::demo;
    if (!incident_) return {};
    const Result<const Incident*> found = find_incident(*incident_);
    if (!found) return fail(found.error());
    line_.incident = *found;
    return {};
  }

  Result<void> choose_report() {
    if (report_format_ != "text" && report_format_ != "json")
      return fail(Errc::config, "--format must be text or json, not " + in_quotes(report_format_));
    line_.verb = Verb::inspect;
    line_.files = inspected_;
    line_.report_format = report_format_ == "json" ? ReportFormat::json : ReportFormat::text;
    return {};
  }

  Result<void> choose_description() {
    std::string formats;
    for (const auto& [what, format, document] : kDocuments) {
      if (what != described_) continue;
      if (format_.value_or(std::string(format)) == format) {
        line_.verb = Verb::describe;
        line_.document = document;
        return {};
      }
      formats.append(formats.empty() ? "" : " or ").append(format);
    }
    if (formats.empty())
      return fail(Errc::config,
                  "describe must be given metrics, config, flags or completion, not " +
                      in_quotes(described_));
    return fail(Errc::config, "--format of " + described_ + " must be " + formats + ", not " +
                                  in_quotes(*format_));
  }

  void offer(const CLI::Option* option, std::vector<std::string> words) {
    hints_[option] = {ValueHint::Kind::words, std::move(words)};
  }

  ValueHint hint_of(const CLI::Option& option) const {
    if (const auto found = hints_.find(&option); found != hints_.end()) return found->second;
    const std::string name =
        option.get_positional() ? option.get_name(true) : option.get_type_name();
    if (name.starts_with("FILE") || name.starts_with("PATH")) return {ValueHint::Kind::file, {}};
    if (name == "DIRECTORY") return {ValueHint::Kind::directory, {}};
    return {};
  }

  CommandReference reference_of(const CLI::App& app) const {
    CommandReference command;
    command.name = &app == &app_ ? "" : app.get_name();
    command.text = app.get_description();
    command.footer = app.get_footer();
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_positional()) {
        const std::string name = option->get_name(true);
        const bool many = option->get_items_expected_max() > 1;
        const std::string argument = name + (many ? "..." : "");
        if (!command.arguments.empty()) command.arguments += " ";
        command.arguments += option->get_required() ? argument : "[" + argument + "]";
        if (command.hint.kind == ValueHint::Kind::none) command.hint = hint_of(*option);
        continue;
      }
      OptionReference& reference = command.options.emplace_back();
      for (const std::string& name : option->get_snames()) reference.names.push_back("-" + name);
      for (const std::string& name : option->get_lnames()) reference.names.push_back("--" + name);
      if (option->get_items_expected_max() > 0) reference.value = option->get_type_name();
      reference.text = option->get_description();
      reference.hint = hint_of(*option);
    }
    return command;
  }

  static std::vector<std::string> incidents() {
    std::vector<std::string> names;
    for (const Incident& incident : all_incidents()) names.emplace_back(incident.name);
    return names;
  }

  static std::string one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
  }

  CommandLine line_;
  bool version_ = false;
  bool selftest_ = false;
  bool once_ = false;
  std::optional<std::string> incident_;
  std::string checked_file_;
  std::string described_;
  std::optional<std::string> format_;
  std::vector<std::string> inspected_;
  std::string report_format_ = "text";
  std::map<const CLI::Option*, ValueHint> hints_;
  CLI::App app_{kDescription, "sqlite_exporter"};
  CLI::App* demo_ = nullptr;
  CLI::App* inspect_ = nullptr;
  CLI::App* explain_ = nullptr;
  CLI::App* check_config_ = nullptr;
  CLI::App* describe_ = nullptr;
  CLI::App* demo_application_ = nullptr;
  CLI::App* sql_worker_ = nullptr;
};

/// CLI11 splits `[a,b]` into a list; to us it is a glob in the working directory.
std::string as_one_value(std::string argument) {
  const bool bracketed = argument.starts_with('[') && argument.ends_with(']');
  if (bracketed) argument.insert(0, "./");
  return argument;
}

}  // namespace

std::vector<CommandReference> command_reference(std::span<const std::string_view> collector_names) {
  return Grammar(collector_names).reference();
}

Result<CommandLine> parse_command_line(std::span<const char* const> arguments,
                                       std::span<const std::string_view> collector_names,
                                       std::string_view version) {
  std::vector<std::string> texts;
  for (const std::string_view argument : arguments) {
    // Newer ones of CLI11 pass over it without a word.
    if (argument.empty()) return fail(Errc::config, "argument \"\" must not be empty");
    // CLI11 would take the next argument, perhaps a file to watch, as the value.
    if (argument.starts_with("--") && argument.ends_with('='))
      return fail(Errc::config, std::string(argument) + " needs a value");
    texts.push_back(as_one_value(std::string(argument)));
  }
  return Grammar(collector_names).parse(std::move(texts), version);
}

}  // namespace sqlite_exporter
