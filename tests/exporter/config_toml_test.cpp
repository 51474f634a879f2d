/// The configuration file: what it may hold, and the exact sentence for all that it may not.
#include "exporter/config_toml.h"

#include <array>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

constexpr std::array<std::string_view, 2> kCollectors = {"database", "wal"};

TEST_CASE("a whole file becomes a draft that knows where each value was written") {
  const auto draft = parse_config_toml(R"(
[[database]]
path = "/data/app.db"
name = "app"
labels_from_path = '(?P<claim>.)'
[database.labels]
site = "x"

[[database]]
path = "/data/*/edge.db"

[poll]
interval = "1m"
max_databases = 7
cpu_budget = "2%"

[web]
listen_address = "127.0.0.1:9"

[log]
level = "debug"
format = "json"

[collector.wal]
enabled = false
)",
                                       "x.toml", kCollectors);
  REQUIRE(draft);
  REQUIRE(draft->databases.size() == 2);
  const DatabaseDraft& app = draft->databases[0];
  CHECK(app.path.value == "/data/app.db");
  CHECK(app.path.where == "x.toml:3:8: key \"database.path\"");
  CHECK(app.name->value == "app");
  CHECK(app.name->where == "x.toml:4:8: key \"database.name\"");
  REQUIRE(app.labels.size() == 1);
  CHECK(app.labels[0].name.value == "site");
  CHECK(app.labels[0].name.where == "x.toml:7:1: key \"database.labels.site\"");
  CHECK(app.labels[0].value.value == "x");
  CHECK(app.labels[0].value.where == "x.toml:7:8: key \"database.labels.site\"");
  CHECK(app.labels_from_path->value == "(?P<claim>.)");
  CHECK(app.labels_from_path->where == "x.toml:5:20: key \"database.labels_from_path\"");
  CHECK(draft->databases[1].path.value == "/data/*/edge.db");
  CHECK_FALSE(draft->databases[1].labels_from_path);
  CHECK_FALSE(draft->databases[1].name);
  CHECK(draft->poll_interval->value == "1m");
  CHECK(draft->poll_cpu_budget->value == "2%");
  CHECK(draft->poll_cpu_budget->where == "x.toml:15:14: key \"poll.cpu_budget\"");
  CHECK(draft->poll_interval->where == "x.toml:13:12: key \"poll.interval\"");
  CHECK(draft->poll_max_databases->value == 7);
  CHECK(draft->poll_max_databases->where == "x.toml:14:17: key \"poll.max_databases\"");
  CHECK(draft->web_listen_address->value == "127.0.0.1:9");
  CHECK(draft->log_level->value == "debug");
  CHECK(draft->log_format->value == "json");
  CHECK(draft->collector_enabled == decltype(draft->collector_enabled){{"wal", false}});
}

TEST_CASE("each text of an array knows where it was written") {
  const auto draft = parse_config_toml(R"([discovery]
processes = true
exclude = ["/a",
  "/b"]
exclude_states = ["empty"]
rescan_interval = "2m"
max_depth = 3
max_entries = 4
max_duration = "5s"
)",
                                       "x.toml", kCollectors);
  REQUIRE(draft);
  CHECK(draft->discovery_processes == true);
  REQUIRE(draft->discovery_exclude.size() == 2);
  CHECK(draft->discovery_exclude[0].value == "/a");
  CHECK(draft->discovery_exclude[0].where == "x.toml:3:12: key \"discovery.exclude\"");
  CHECK(draft->discovery_exclude[1].value == "/b");
  CHECK(draft->discovery_exclude[1].where == "x.toml:4:3: key \"discovery.exclude\"");
  REQUIRE(draft->discovery_exclude_states.size() == 1);
  CHECK(draft->discovery_exclude_states[0].value == "empty");
  CHECK(draft->discovery_rescan_interval->value == "2m");
  CHECK(draft->discovery_max_depth->value == 3);
  CHECK(draft->discovery_max_entries->value == 4);
  CHECK(draft->discovery_max_duration->value == "5s");
  CHECK(draft->discovery_max_duration->where == "x.toml:9:16: key \"discovery.max_duration\"");
}

TEST_CASE("an empty file is an empty draft") {
  const auto draft = parse_config_toml("", "x.toml", kCollectors);
  REQUIRE(draft);
  CHECK(draft->databases.empty());
  CHECK_FALSE(draft->poll_interval);
}

struct Refusal {
  const char* text;
  const char* message;
};

TEST_CASE("what the file may not hold is refused in one sentence") {
  constexpr std::array kRefusals = {
      Refusal{
          "[pol]\n",
          R"(x.toml:1:2: key "pol" is unknown, perhaps "poll" was meant; )"
          R"(known tables are database, discovery, poll, web, log, sql, query, sync, collector)"},
      Refusal{
          "verbose = true\n",
          R"(x.toml:1:1: key "verbose" is unknown; )"
          R"(known tables are database, discovery, poll, web, log, sql, query, sync, collector)"},
      Refusal{"[poll]\n  intervall = \"5s\"\n",
              R"(x.toml:2:3: key "poll.intervall" is unknown, perhaps "interval" was meant; )"
              R"(known keys of [poll] are interval, max_databases, cpu_budget)"},
      Refusal{"[[database]]\npath = \"/a\"\ntags = {}\n",
              R"(x.toml:3:1: key "database.tags" is unknown; )"
              R"(known keys of [[database]] are path, name, labels, labels_from_path)"},
      Refusal{"[web]\nzz = 1\naa = 1\n",
              R"(x.toml:2:1: key "web.zz" is unknown; known keys of [web] are listen_address)"},
      Refusal{"[log]\n\"a\\nb\" = 1\n",
              R"(x.toml:2:1: key "log.a\x0ab" is unknown; known keys of [log] are level, format)"},
      Refusal{"[collector.wall]\n",
              R"(x.toml:1:12: key "collector.wall" is unknown, perhaps "wal" was meant; )"
              R"(known collectors are database, wal)"},
      Refusal{"[collector.wal]\ninterval = \"5s\"\n",
              R"(x.toml:2:1: key "collector.wal.interval" is unknown; )"
              R"(known keys of [collector.wal] are enabled)"},
      Refusal{"[poll]\ninterval = 5\n",
              R"(x.toml:2:12: key "poll.interval" must be a duration from 100ms to 1h )"
              R"(such as "5s", not an integer)"},
      Refusal{"[poll]\nmax_databases = 1e3\n",
              R"(x.toml:2:17: key "poll.max_databases" must be an integer from 1 to 100000, )"
              R"(not a floating-point number)"},
      Refusal{"[poll]\nmax_databases = 1979-05-27\n",
              R"(x.toml:2:17: key "poll.max_databases" must be an integer from 1 to 100000, )"
              R"(not a date or time)"},
      Refusal{"[log]\nlevel = [\"info\"]\n",
              R"(x.toml:2:9: key "log.level" must be "debug", "info", "warn" or "error", )"
              R"(not an array)"},
      Refusal{"[collector.wal]\nenabled = \"yes\"\n",
              R"(x.toml:2:11: key "collector.wal.enabled" must be true or false, not a string)"},
      Refusal{"[collector]\nwal = false\n",
              R"(x.toml:2:7: key "collector.wal" must be a table, written [collector.wal], )"
              R"(not a boolean)"},
      Refusal{"poll = \"5s\"\n",
              R"(x.toml:1:8: key "poll" must be a table, written [poll], not a string)"},
      Refusal{"[[web]]\n", R"(x.toml:1:1: key "web" must be a table, written [web], not an array)"},
      Refusal{"[database]\npath = \"/a\"\n",
              R"(x.toml:1:1: key "database" must be an array of tables, written [[database]], )"
              R"(not a table)"},
      Refusal{"database = [\"/a\"]\n",
              R"(x.toml:1:13: key "database" must be an array of tables, written [[database]], )"
              R"(not a string)"},
      Refusal{"\n[[database]]\nname = \"a\"\n",
              R"(x.toml:2:1: key "database.path" is missing from this [[database]])"},
      Refusal{"[discovery]\nexclude = \"/a\"\n",
              R"(x.toml:2:11: key "discovery.exclude" must be an array of globs, not a string)"},
      Refusal{"[discovery]\nexclude = [\"/a\", 7]\n",
              R"(x.toml:2:18: key "discovery.exclude" must be an array of globs, not an integer)"},
      Refusal{"[discovery]\nexclude_states = [[\"empty\"]]\n",
              R"(x.toml:2:19: key "discovery.exclude_states" must be an array of states, )"
              R"(not an array)"},
      Refusal{"[[database]]\npath = \"/a\"\nlabels = \"site\"\n",
              R"(x.toml:3:10: key "database.labels" must be a table of strings, not a string)"},
      Refusal{"[[database]]\npath = \"/a\"\nlabels = { site = 7 }\n",
              R"(x.toml:3:19: key "database.labels.site" must be a string, not an integer)"},
  };
  for (const auto& [text, message] : kRefusals) {
    const auto draft = parse_config_toml(text, "x.toml", kCollectors);
    CAPTURE(text);
    REQUIRE_FALSE(draft);
    CHECK(draft.error().code == Errc::config);
    CHECK(draft.error().message == message);
  }
}

TEST_CASE("what is not TOML is refused where it stops to be") {
  constexpr std::array kRefusals = {
      Refusal{"[poll\n", "x.toml:1:6: not TOML: "},
      Refusal{"[log]\nlevel = \"info", "x.toml:2:14: not TOML: "},
      Refusal{"[log]\nlevel = \"\xff\"\n", "x.toml:2:9: not TOML: "},
      Refusal{"[log]\nlevel = \"a\"\nlevel = \"b\"\n", "x.toml:3:9: not TOML: "},
  };
  for (const auto& [text, begin] : kRefusals) {
    const auto draft = parse_config_toml(text, "x.toml", kCollectors);
    CAPTURE(text);
    REQUIRE_FALSE(draft);
    CHECK(draft.error().code == Errc::config);
    // What follows are toml++'s own words, which differ between its versions.
    CHECK(draft.error().message.starts_with(begin));
    CHECK(draft.error().message.size() > std::string_view(begin).size());
    CHECK(draft.error().message.find('\n') == std::string::npos);
  }
}

TEST_CASE("a file is read, or its error named") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "x.toml";
  std::ofstream(path) << "[poll]\ninterval = 5\n";
  CHECK(read_config_file(path, kCollectors).error().message.starts_with(path + ":2:12: key "));

  std::ofstream(path) << "[poll]\ninterval = \"5s\"\n";
  CHECK(read_config_file(path, kCollectors).value().poll_interval->value == "5s");

  const std::string absent = directory / "absent.toml";
  const auto error = [](const std::string& file) {
    const auto draft = read_config_file(file, kCollectors);
    return draft ? Error{Errc::no_data, "no error"} : draft.error();
  };
  CHECK(error(absent).code == Errc::config);
  CHECK(error(absent).message == absent + " cannot be read: No such file or directory");
  CHECK(error(directory.path()).message ==
        directory.path().string() + " cannot be read: Is a directory");
  std::ofstream(path) << std::string((1U << 20U) + 1, '#');
  CHECK(error(path).message == path + " cannot be read: it is larger than 1 MiB");
  // A key of 300,000 parts would take the parser's stack.
  std::string deep = "# a key\n[a";
  for (int part = 0; part < 300'000; ++part) deep += ".a";
  std::ofstream(path) << deep << "]\n";
  CHECK(error(path).message == path + ":2:1: the line is longer than 8192 bytes");
}

}  // namespace
}  // namespace sqlite_exporter
