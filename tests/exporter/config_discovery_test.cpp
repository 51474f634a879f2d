/// Validation of `[discovery]` and of labels from paths: each refusal by its exact sentence.
#include <array>

#include "exporter/config.h"
#include "exporter/config_draft.h"
#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 2> kReserved = {"journal_mode", "state"};

ConfigDraft some_draft() {
  ConfigDraft draft;
  draft.databases.push_back({.path = {"/data/", "PATH"}, .name = {}, .labels = {}});
  return draft;
}

std::string error_of(const ConfigDraft& draft) {
  const Result<Config> config = make_config(draft, kReserved);
  if (config) return "no error";
  CHECK(config.error().code == Errc::config);
  return config.error().message;
}

std::string error_with_expression(const std::string& expression) {
  ConfigDraft draft = some_draft();
  draft.databases[0].labels.push_back({{"site", "LABEL"}, {"x", "VALUE"}});
  draft.databases[0].labels_from_path = {expression, "EXPRESSION"};
  return error_of(draft);
}

TEST_CASE("discovery that is not written has its defaults") {
  const Config config = make_config(some_draft(), kReserved).value();
  CHECK(config.discovery() == DiscoveryConfig{});
  CHECK_FALSE(config.discovery().processes);
  CHECK(config.discovery().rescan_interval == 1min);
  CHECK(config.discovery().limits == WalkLimits{16, 100'000, 10s});
}

TEST_CASE("discovery that is written is kept") {
  ConfigDraft draft;
  draft.discovery_processes = true;
  draft.discovery_exclude = {{"/tmp/*", "EXCLUDE"}, {"*/cache", "EXCLUDE"}};
  draft.discovery_exclude_states = {{"absent", "STATES"}, {"locks_unobservable", "STATES"}};
  draft.discovery_rescan_interval = {"24h", "RESCAN"};
  draft.discovery_max_depth = {64, "DEPTH"};
  draft.discovery_max_entries = {10'000'000, "ENTRIES"};
  draft.discovery_max_duration = {"10m", "DURATION"};
  const Config config = make_config(draft, kReserved).value();
  const DiscoveryConfig& discovery = config.discovery();
  CHECK(config.databases().empty());
  CHECK(discovery.processes);
  CHECK(discovery.exclude == std::vector<std::string>{"/tmp/*", "*/cache"});
  CHECK(discovery.exclude_states.contains(DatabaseState::absent));
  CHECK(discovery.exclude_states.contains(DatabaseState::locks_unobservable));
  CHECK_FALSE(discovery.exclude_states.contains(DatabaseState::empty));
  CHECK(discovery.rescan_interval == 24h);
  CHECK(discovery.limits == WalkLimits{64, 10'000'000, 10min});
  CHECK_FALSE(discovery == DiscoveryConfig{});
}

TEST_CASE("what is excluded is a glob of a whole path") {
  ConfigDraft draft = some_draft();
  for (const std::string glob : {"", "cache/*", "?x", "[/]x"}) {
    draft.discovery_exclude = {{glob, "EXCLUDE"}};
    CHECK(error_of(draft) ==
          "EXCLUDE must be a glob that begins with \"/\" or \"*\", not \"" + glob + "\"");
  }
  draft.discovery_exclude = {{"/srv/x/", "EXCLUDE"}};
  CHECK(
      error_of(draft) ==
      "EXCLUDE must not end with \"/\": a folder is excluded by its name, with all that is in it, "
      "not \"/srv/x/\"");
  draft.discovery_exclude = {{"/a\nb", "EXCLUDE"}};
  CHECK(error_of(draft) == "EXCLUDE must not contain control characters: \"/a\\x0ab\"");
}

TEST_CASE("a state that is excluded is one of the states") {
  ConfigDraft draft = some_draft();
  const std::string known =
      "known states are absent, empty, encrypted, not_a_database, newer_format, corrupt_header, "
      "truncated, rollback_idle, rollback_active, rollback_exclusive, hot_journal, wal_live, "
      "wal_clean, wal_unrecovered, wal_exclusive, wal_mismatched, wal_lost, overwritten, orphaned, "
      "locks_cancelled, locks_inconsistent, locks_unobservable";
  draft.discovery_exclude_states = {{"empty", "STATES"}, {"absentt", "OTHER"}};
  CHECK(error_of(draft) ==
        "OTHER must name states; \"absentt\" is unknown, perhaps \"absent\" was meant; " + known);
  draft.discovery_exclude_states = {{"", "STATES"}};
  CHECK(error_of(draft) == "STATES must name states; \"\" is unknown; " + known);
}

TEST_CASE("limits of discovery are possible") {
  for (const std::string text : {"999ms", "25h", "0s", "1", ""}) {
    ConfigDraft draft = some_draft();
    draft.discovery_rescan_interval = {text, "RESCAN"};
    CHECK(error_of(draft) ==
          "RESCAN must be a duration from 1s to 24h such as \"1m\", not \"" + text + "\"");
  }
  for (const std::string text : {"99ms", "11m", "fast"}) {
    ConfigDraft draft = some_draft();
    draft.discovery_max_duration = {text, "DURATION"};
    CHECK(error_of(draft) ==
          "DURATION must be a duration from 100ms to 10m such as \"10s\", not \"" + text + "\"");
  }
  for (const std::int64_t count : {-1, 0, 65}) {
    ConfigDraft draft = some_draft();
    draft.discovery_max_depth = {count, "DEPTH"};
    CHECK(error_of(draft) == "DEPTH must be an integer from 1 to 64, not " + std::to_string(count));
  }
  for (const std::int64_t count : {-1, 0, 10'000'001}) {
    ConfigDraft draft = some_draft();
    draft.discovery_max_entries = {count, "ENTRIES"};
    CHECK(error_of(draft) ==
          "ENTRIES must be an integer from 1 to 10000000, not " + std::to_string(count));
  }
}

TEST_CASE("labels from the path are an expression with named groups") {
  CHECK(error_with_expression("/(?P<claim>[^/]+)/") == "no error");
  CHECK(error_with_expression("") == "EXPRESSION must not be empty");
  CHECK(error_with_expression("a\tb") ==
        "EXPRESSION must not contain control characters: \"a\\x09b\"");
  CHECK(error_with_expression("(?P<claim>[^/]+") ==
        "EXPRESSION is no regular expression: missing ): (?P<claim>[^/]+");
  CHECK(error_with_expression("(?P<claim>(x{100}){100})") ==
        "EXPRESSION is no regular expression: invalid repetition size: {100}");
  CHECK(error_with_expression("(?P<claim>(x{1000}){1,1})(\\pL{900}\\pN{900}){1}") ==
        "EXPRESSION is no regular expression: pattern too large - compile failed");
  for (const std::string none : {"/data/(.*)", "data", "(?:x)"})
    CHECK(error_with_expression(none) ==
          "EXPRESSION must have a named group such as (?P<claim>[^/]+): the label it gives");
}

TEST_CASE("a label from the path is nobody else's") {
  const auto error_with_group = [](const std::string& name) {
    return error_with_expression("(?P<claim>a)(?P<" + name + ">b)");
  };
  CHECK(error_with_group("claim_namespace") == "no error");
  CHECK(error_with_group("pod_uid") == "no error");
  for (const std::string name : {"__a", "1a"})
    CHECK(error_with_group(name) ==
          "EXPRESSION: the group \"" + name +
              "\" must be a label name: letters, digits and underscores, with neither a digit nor "
              "two underscores in front");
  for (const std::string name : {"database", "job", "instance", "le", "quantile"})
    CHECK(error_with_group(name) ==
          "EXPRESSION: the group \"" + name +
              "\" is refused: Prometheus or this exporter sets that label");
  for (const std::string name : {"state", "journal_mode"})
    CHECK(error_with_group(name) == "EXPRESSION: the group \"" + name +
                                        "\" is refused: a metric of this exporter has that label");
  for (const std::string name : {"namespace", "pod", "container", "node", "service", "endpoint"})
    CHECK(error_with_group(name) ==
          "EXPRESSION: the group \"" + name +
              "\" is refused: Prometheus gives its targets that label; \"claim_namespace\", "
              "\"claim\" and \"pod_uid\" are free");
  CHECK(error_with_group("site") ==
        "EXPRESSION: the group \"site\" is refused: \"labels\" sets that label");
}

TEST_CASE("two configurations are equal if their expressions are") {
  const auto config_with = [](const std::string& expression) {
    ConfigDraft draft = some_draft();
    draft.databases[0].labels_from_path = {expression, "EXPRESSION"};
    return make_config(draft, kReserved).value();
  };
  CHECK(config_with("(?P<a>x)") == config_with("(?P<a>x)"));
  CHECK_FALSE(config_with("(?P<a>x)") == config_with("(?P<a>y)"));
  CHECK_FALSE(config_with("(?P<a>x)") == make_config(some_draft(), kReserved).value());
}

}  // namespace
}  // namespace sqlite_exporter
