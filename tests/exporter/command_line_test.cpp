/// The command line: verbs, flags, and the exact sentence for what does not fit.
#include "exporter/command_line.h"

#include <array>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using Verb = CommandLine::Verb;
using Arguments = std::vector<const char*>;

constexpr std::array<std::string_view, 2> kCollectors = {"database", "wal"};

Result<CommandLine> parse(const Arguments& arguments) {
  return parse_command_line(arguments, kCollectors, "1.2.3");
}

TEST_CASE("nothing means run") {
  const CommandLine line = parse({}).value();
  CHECK(line.verb == Verb::run);
  CHECK(line.files.empty());
  CHECK_FALSE(line.config_file);
  CHECK_FALSE(line.web_listen_address);
  CHECK(line.collector_enabled.empty());
  CHECK(line.procfs == "/proc");
  CHECK(line.sysfs == "/sys");
  CHECK(line.rootfs == "/");
}

TEST_CASE("flags and files of run") {
  const CommandLine line =
      parse({"--config.file=x.toml", "--web.listen-address", ":9", "a.db", "--log.level=debug",
             "--log.format=json", "--poll.interval=1s", "--path.procfs=/host/proc",
             "--path.sysfs=/host/sys", "--path.rootfs=/host", "--no-collector.wal",
             "--collector.database", "/data/*/b.db"})
          .value();
  CHECK(line.verb == Verb::run);
  CHECK(line.config_file == "x.toml");
  CHECK(line.web_listen_address == ":9");
  CHECK(line.log_level == "debug");
  CHECK(line.log_format == "json");
  CHECK(line.poll_interval == "1s");
  CHECK(line.procfs == "/host/proc");
  CHECK(line.sysfs == "/host/sys");
  CHECK(line.rootfs == "/host");
  CHECK(line.collector_enabled ==
        decltype(line.collector_enabled){{"database", true}, {"wal", false}});
  CHECK(line.files == std::vector<std::string>{"a.db", "/data/*/b.db"});
}

TEST_CASE("of two contradicting collector flags the last wins") {
  CHECK(parse({"--no-collector.wal", "--collector.wal"}).value().collector_enabled.at("wal"));
  CHECK_FALSE(parse({"--collector.wal", "--no-collector.wal"}).value().collector_enabled.at("wal"));
}

TEST_CASE("a file may look like something else") {
  CHECK(parse({"./demo"}).value().files == std::vector<std::string>{"./demo"});
  CHECK(parse({"--", "--x.db"}).value().files == std::vector<std::string>{"--x.db"});
  CHECK(parse({"[a,b]", "[ab]*.[d]"}).value().files ==
        std::vector<std::string>{"./[a,b]", "./[ab]*.[d]"});
  CHECK(parse({"{}"}).value().files == std::vector<std::string>{"{}"});
}

TEST_CASE("verbs") {
  const CommandLine demo = parse({"demo", "--web.listen-address=:9", "--log.level=warn",
                                  "--log.format=json", "--poll.interval=1s"})
                               .value();
  CHECK(demo.verb == Verb::demo);
  CHECK(demo.web_listen_address == ":9");
  CHECK(demo.log_level == "warn");
  CHECK(demo.log_format == "json");
  CHECK(demo.poll_interval == "1s");

  const CommandLine check = parse({"check-config", "x.toml"}).value();
  CHECK(check.verb == Verb::check_config);
  CHECK(check.config_file == "x.toml");

  CHECK(parse({"describe", "metrics"}).value().verb == Verb::describe);
  const auto document = [](const Arguments& arguments) {
    return parse(arguments).value().document;
  };
  CHECK(document({"describe", "metrics"}) == Document::metrics_markdown);
  CHECK(document({"describe", "config", "--format=json"}) == Document::config_json);
  CHECK(document({"describe", "config", "--format=markdown"}) == Document::config_markdown);
  CHECK(document({"describe", "flags"}) == Document::flags_man);
  CHECK(document({"describe", "completion"}) == Document::completion_bash);
  CHECK(document({"describe", "completion", "--format=zsh"}) == Document::completion_zsh);

  const CommandLine explain = parse({"explain", "A", "b", "--config.file=c"}).value();
  CHECK(explain.verb == Verb::explain);
  CHECK(explain.alert == "A");
  CHECK(explain.database == "b");
  CHECK(explain.config_file == "c");
  CHECK(parse({"explain"}).value().alert.empty());
  const CommandLine inspect = parse({"inspect", "a.db", "[b].db", "--path.procfs=/p"}).value();
  CHECK(inspect.verb == Verb::inspect);
  CHECK(inspect.files == std::vector<std::string>{"a.db", "[b].db"});
  CHECK(inspect.report_format == ReportFormat::text);
  CHECK_FALSE(inspect.watch);
  CHECK(inspect.procfs == "/p");
  const CommandLine watch = parse({"inspect", "--watch", "--format=json", "a.db"}).value();
  CHECK(watch.files == std::vector<std::string>{"a.db"});
  CHECK(watch.report_format == ReportFormat::json);
  CHECK(watch.watch);

  const CommandLine application = parse({"demo-application", "wal", "/tmp/a.db"}).value();
  CHECK(application.verb == Verb::demo_application);
  CHECK(application.application_kind == "wal");
  CHECK(application.application_path == "/tmp/a.db");
}

TEST_CASE("metrics of one moment, printed or in a file") {
  const auto printed = parse({"--once", "a.db"});
  REQUIRE(printed);
  CHECK(printed->verb == CommandLine::Verb::once);
  CHECK_FALSE(printed->textfile);
  CHECK(printed->files == std::vector<std::string>{"a.db"});
  const auto kept = parse({"--textfile", "/var/lib/a.prom", "--once"});
  REQUIRE(kept);
  CHECK(kept->verb == CommandLine::Verb::once);
  CHECK(kept->textfile == "/var/lib/a.prom");
}

TEST_CASE("a demo with and without an incident") {
  CHECK(parse({"demo"}).value().incident == nullptr);
  for (const Incident& incident : all_incidents()) {
    const CommandLine line =
        parse({"demo", "--log.level=warn", "--incident", incident.name.data()}).value();
    CHECK(line.verb == Verb::demo);
    CHECK(line.incident == &incident);
    CHECK(line.log_level == "warn");
  }
}

TEST_CASE("version and help carry their text") {
  const CommandLine version = parse({"--version"}).value();
  CHECK(version.verb == Verb::version);
  CHECK(version.text == "sqlite_exporter 1.2.3\n");

  const CommandLine help = parse({"--help"}).value();
  CHECK(help.verb == Verb::help);
  for (const char* shown :
       {"--config.file FILE", "--web.listen-address HOST:PORT", "--log.level LEVEL",
        "--log.format FORMAT", "--poll.interval DURATION", "--path.procfs DIRECTORY",
        "--path.sysfs DIRECTORY", "--path.rootfs DIRECTORY", "--collector.wal ",
        "--no-collector.wal ", "--version", "FILE_OR_GLOB", "demo ", "check-config ", "describe ",
        "inspect "}) {
    CAPTURE(shown);
    CHECK(help.text.find(shown) != std::string::npos);
  }
  CHECK(help.text.find("demo-application") == std::string::npos);

  const CommandLine demo_help = parse({"demo", "-h"}).value();
  CHECK(demo_help.verb == Verb::help);
  CHECK(demo_help.text.find("--config.file") == std::string::npos);
  CHECK(demo_help.text.find("--incident NAME") != std::string::npos);
  for (const Incident& incident : all_incidents()) {
    CAPTURE(incident.name);
    CHECK(demo_help.text.find(incident.name) != std::string::npos);
  }
}

TEST_CASE("what does not fit is refused in one sentence") {
  const std::vector<std::pair<Arguments, std::string>> refusals = {
      {{"--bogus"}, "The following argument was not expected: --bogus; see sqlite_exporter --help"},
      {{"--collector.foo"},
       "The following argument was not expected: --collector.foo; see sqlite_exporter --help"},
      {{"--log.level"}, "--log.level: 1 required LEVEL missing; see sqlite_exporter --help"},
      {{"--log.level=", "a.db"}, "--log.level= needs a value"},
      {{"--collector.wal=maybe"},
       "collector.wal was given a disallowed flag override; see sqlite_exporter --help"},
      {{"check-config"}, "FILE is required; see sqlite_exporter --help"},
      {{"check-config", "a", "b"},
       "The following argument was not expected: b; see sqlite_exporter --help"},
      {{"demo", "a.db"},
       "The following argument was not expected: a.db; see sqlite_exporter --help"},
      {{"demo", "--incident=flood"},
       "there is no incident \"flood\"; there are forgotten-reader, no-checkpoint, "
       "killed-writer, replaced-file, stuck-writer"},
      {{"demo", "--incident="}, "--incident= needs a value"},
      {{"--incident=stuck-writer"},
       "The following argument was not expected: --incident=stuck-writer; see sqlite_exporter "
       "--help"},
      {{"a.db", "demo"}, "FILE_OR_GLOB does not go with demo; see sqlite_exporter --help"},
      {{"--config.file=x", "demo"},
       "--config.file does not go with demo; see sqlite_exporter --help"},
      {{"--no-collector.wal", "check-config", "x"},
       "--no-collector.wal does not go with check-config; see sqlite_exporter --help"},
      {{"a.db", ""}, "argument \"\" must not be empty"},
      {{"inspect", ""}, "argument \"\" must not be empty"},
      {{"--textfile=a.prom"}, "--textfile goes with --once"},
      {{"--once", "--textfile=a.db"}, "--textfile must be a path that ends in .prom, not \"a.db\""},
      {{"--once", "--selftest"}, "--selftest and --once do not go together"},
      {{"describe"}, "WHAT is required; see sqlite_exporter --help"},
      {{"describe", "all"},
       "describe must be given metrics, config, flags or completion, not \"all\""},
      {{"describe", "metrics", "--format=man"},
       "--format of metrics must be markdown or json, not \"man\""},
      {{"describe", "flags", "--format=json"}, "--format of flags must be man, not \"json\""},
      {{"inspect"}, "FILE is required; see sqlite_exporter --help"},
      {{"inspect", "a.db", "--format=xml"}, "--format must be text or json, not \"xml\""},
      {{"inspect", "a.db", "--watch=maybe"},
       "watch was given a disallowed flag override; see sqlite_exporter --help"},
      {{"--config.file=c", "explain", "A"},
       "--config.file does not go with explain; see sqlite_exporter --help"},
      {{"--log.level=info", "inspect", "a.db"},
       "--log.level does not go with inspect; see sqlite_exporter --help"},
      {{"demo-application", "wal"}, "PATH is required; see sqlite_exporter --help"},
  };
  for (const auto& [arguments, message] : refusals) {
    const auto line = parse(arguments);
    CAPTURE(arguments);
    REQUIRE_FALSE(line);
    CHECK(line.error().code == Errc::config);
    CHECK(line.error().message == message);
  }
}

}  // namespace
}  // namespace sqlite_exporter
