/// Whole passes over real files: discovery, looks, snapshots, and what each database comes to.
#include "exporter/scheduler.h"

#include <prometheus/metric_family.h>
#include <unistd.h>

#include <fstream>

#include "collectors/registry.h"
#include "exporter/config_draft.h"
#include "tests/support/catch.h"
#include "tests/support/config_of.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

/// A daemon without its HTTP server. `see` is called with the text of each snapshot until it is
/// content.
void run_until(const Config& config, const std::function<bool(const std::string&)>& see) {
  const Log log(LogLevel::error, LogFormat::logfmt);
  Loop loop;
  Sampler sampler;
  const auto snapshot = std::make_shared<SnapshotCell>();
  LookTools tools;
  tools.collectors.assign(all_collectors().begin(), all_collectors().end());
  tools.node_collectors.assign(all_node_collectors().begin(), all_node_collectors().end());
  tools.own_metrics = std::make_shared<OwnMetrics>(collector_names());
  int snapshots = 0;
  bool content = false;
  const auto published = [&](const Snapshot& now) {
    content = see(*now.text());
    if (content || ++snapshots == 300) loop.stop();
  };
  Scheduler scheduler(
      config, {loop, sampler, log, tools, snapshot, {}, FolderWatch::create().value(), published});
  scheduler.start();
  CHECK(loop.run());
  CHECK(content);
}

bool has(const std::string& text, const std::string& line) {
  return text.find('\n' + line + '\n') != std::string::npos;
}

TEST_CASE("the first snapshot already knows every database") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal; create table t(x)");
  SqliteApplication other(directory / "other.db");
  other.exec("create table t(x)");
  run_until(config_of({directory / "*.db", directory / "missing.sqlite"}),
            [&](const std::string& text) {
              CHECK(has(text, "sqlite_up{database=\"app\"} 1"));
              CHECK(has(text, "sqlite_up{database=\"other\"} 1"));
              CHECK(has(text, "sqlite_up{database=\"missing\"} 1"));
              CHECK(has(text, "sqlite_database_state{database=\"missing\",state=\"absent\"} 1"));
              CHECK(has(text, "sqlite_database_state{database=\"app\",state=\"wal_live\"} 1"));
              CHECK(has(text, "sqlite_exporter_databases 3"));
              return true;
            });
}

TEST_CASE("databases come and go while it runs, their series with them") {
  const TemporaryDirectory directory;
  SqliteApplication app;
  enum class Step { absent, there, gone } step = Step::absent;
  run_until(config_of({directory / "*.db"}), [&](const std::string& text) {
    const bool there = has(text, "sqlite_up{database=\"late\"} 1");
    if (step == Step::absent) {
      CHECK_FALSE(there);
      app.open(directory / "late.db");
      app.exec("create table t(x)");
      step = Step::there;
    } else if (step == Step::there && there) {
      app.close();
      ::unlink((directory / "late.db").c_str());
      step = Step::gone;
    } else if (step == Step::gone) {
      return !there;
    }
    return false;
  });
}

TEST_CASE("counters reach the snapshot and never run backwards") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal");
  app.exec("create table t(x)");
  int before = 0;
  run_until(config_of({directory / "app.db"}), [&](const std::string& text) {
    const std::string name = "\nsqlite_transactions_total{database=\"app\"} ";
    const std::size_t at = text.find(name);
    REQUIRE(at != std::string::npos);
    const int now = std::stoi(text.substr(at + name.size()));
    CHECK(now >= before);
    before = now;
    app.exec("insert into t values (1)");
    return now >= 5;
  });
}

TEST_CASE("a directory in place of a database is an error of its look") {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "app.db");
  run_until(config_of({directory / "app.db"}), [&](const std::string& text) {
    CHECK(has(text, "sqlite_up{database=\"app\"} 0"));
    CHECK(text.find("sqlite_database_state{database=\"app\"") == std::string::npos);
    return has(
        text,
        "sqlite_exporter_collector_errors_total{collector=\"look\",reason=\"unsupported\"} 1");
  });
}

TEST_CASE("more databases than max_databases are counted, not watched") {
  const TemporaryDirectory directory;
  for (const char* name : {"a.db", "b.db", "c.db"})
    SqliteApplication(directory / name).exec("create table t(x)");
  run_until(config_of({directory / "*.db"}, 2), [&](const std::string& text) {
    CHECK(has(text, "sqlite_exporter_databases 2"));
    CHECK(has(text, "sqlite_exporter_databases_over_limit 1"));
    return true;
  });
}

}  // namespace
}  // namespace sqlite_exporter::test
