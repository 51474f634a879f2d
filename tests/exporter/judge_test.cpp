/// What the judge finds worth a line of the log.
#include "exporter/judge.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/standard_error.h"

namespace sqlite_exporter {
namespace {

using test::standard_error_of;

using namespace std::chrono_literals;

TEST_CASE("a slowdown is told when it begins and ends, at most once a minute") {
  const Log log(LogLevel::info, LogFormat::logfmt);
  Judge judge(log);
  const std::chrono::steady_clock::time_point begin{1h};
  const auto lines_of = [&](double slowdown, std::chrono::seconds after) {
    return standard_error_of([&] { judge.slowed(slowdown, begin + after); });
  };
  CHECK(lines_of(1, 0s).empty());
  const std::string began = lines_of(2.54, 10s);
  CHECK(began.find("looks cost more than cpu_budget") != std::string::npos);
  CHECK(began.find(" slowdown=2.5 ") != std::string::npos);
  CHECK(std::ranges::count(began, '\n') == 1);
  CHECK(lines_of(9, 100s).empty());
  CHECK(lines_of(1, 101s).find("at the full rate again") != std::string::npos);
  for (int second = 102; second < 161; ++second)
    CHECK(lines_of(second % 2 + 1, std::chrono::seconds(second)).empty());
  CHECK(lines_of(1, 161s).empty());
  CHECK(lines_of(3, 162s).find("slowdown=3.0") != std::string::npos);
}

TEST_CASE("too little CPU is told in so many words, when it begins and ends") {
  const Log log(LogLevel::info, LogFormat::logfmt);
  Judge judge(log);
  const std::chrono::steady_clock::time_point begin{1h};
  const auto lines = [&](const std::optional<CpuShortage>& shortage, std::chrono::seconds after) {
    return standard_error_of([&] { judge.short_of_cpu(shortage, begin + after); });
  };
  CpuShortage shortage;
  shortage.waited = 9s;
  shortage.observed = 10s;
  shortage.limit = {"/app.slice/a.service", 100, 97, false};
  CHECK(lines(std::nullopt, 0s).empty());
  const std::string began = lines(shortage, 1s);
  CHECK(std::ranges::count(began, '\n') == 1);
  CHECK(began.find("level=warn msg=\"too little CPU: ") != std::string::npos);
  CHECK(began.find(" waited=90% throttled=\"97 of 100 periods\" advice=\"raise the CPU limit") !=
        std::string::npos);
  CHECK(began.find("stall") == std::string::npos);
  CHECK(lines(shortage, 100s).empty());
  CHECK(lines(std::nullopt, 101s).find("enough CPU again") != std::string::npos);
  CHECK(lines(shortage, 102s).empty());
  shortage.limit = {};
  shortage.node_pressure = 0.8;
  CHECK(
      lines(shortage, 162s).find(" node_pressure=80% advice=\"give the exporter a larger share") !=
      std::string::npos);
}

TEST_CASE("a limit of a cgroup above is told by that cgroup, and one that did nothing is not") {
  const Log log(LogLevel::info, LogFormat::logfmt);
  const auto line = [&](std::uint64_t throttled) {
    Judge judge(log);
    CpuShortage shortage;
    shortage.limit = {"/app.slice", 100, throttled, true};
    return standard_error_of(
        [&] { judge.short_of_cpu(shortage, std::chrono::steady_clock::time_point{1h}); });
  };
  const std::string told = line(97);
  CAPTURE(told);
  CHECK(told.find(" throttled=\"97 of 100 periods\" cgroup=/app.slice advice=\"raise the CPU limit "
                  "of this cgroup") != std::string::npos);
  CHECK(line(0).find("cgroup=") == std::string::npos);
}

TEST_CASE("a pass that was cut is told at most once a minute") {
  const Log log(LogLevel::info, LogFormat::logfmt);
  Judge judge(log);
  const std::chrono::steady_clock::time_point begin{1h};
  const auto lines = [&](std::size_t waiting, std::chrono::seconds after) {
    return standard_error_of([&] { judge.pass_ended(waiting, false, begin + after); });
  };
  CHECK(lines(0, 0s).empty());
  CHECK(lines(312, 1s).find("the next one begins with the rest\" not_looked_at=312 ") !=
        std::string::npos);
  CHECK(lines(312, 60s).empty());
  CHECK(lines(312, 61s) != "");
}

TEST_CASE("what discovery meets is told when it is new, and when it is over") {
  const Log log(LogLevel::info, LogFormat::logfmt);
  Judge judge(log);
  DiscoveryTask task;
  task.start.directory = "/data";
  const auto lines = [&](const Discoverer::Troubles& before) {
    return standard_error_of([&] { judge.discovered(task, before); });
  };
  CHECK(lines({}).empty());

  task.limit = WalkLimit::time;
  const std::string limited = lines({});
  CHECK(std::ranges::count(limited, '\n') == 1);
  CHECK(limited.find("level=warn msg=\"discovery ended at a limit, what lies beyond is not found\" "
                     "folder=/data limit=max_duration ") != std::string::npos);
  CHECK(lines({.error = {}, .limit = WalkLimit::time}).empty());
  CHECK(lines({.error = {}, .limit = WalkLimit::depth}) != "");

  task.limit.reset();
  task.error = Error{Errc::io, "read /data: Input/output error"};
  const std::string failed = lines({.error = {}, .limit = WalkLimit::time});
  CHECK(std::ranges::count(failed, '\n') == 1);
  CHECK(failed.find("reason=io error=\"read /data: Input/output error\"") != std::string::npos);
  CHECK(lines({.error = Errc::io, .limit = {}}).empty());
  CHECK(lines({.error = Errc::denied, .limit = {}}) != "");

  task.error.reset();
  CHECK(lines({.error = Errc::io, .limit = {}})
            .find("level=info msg=\"discovery succeeds again\" folder=/data\n") !=
        std::string::npos);
}

TEST_CASE("a collector that fails in several ways is told once of each") {
  const Log log(LogLevel::info, LogFormat::logfmt);
  Judge judge(log);
  NodeTask task;
  const auto lines = [&] { return standard_error_of([&] { judge.looked(task); }); };
  task.failures = {{"filesystem", Error{Errc::io, "statvfs /a"}},
                   {"filesystem", Error{Errc::denied, "statvfs /b"}}};
  CHECK(std::ranges::count(lines(), '\n') == 2);
  CHECK(lines().empty());
  std::ranges::reverse(task.failures);
  CHECK(lines().empty());
  task.failures.pop_back();
  CHECK(lines().empty());  // it does not succeed yet
  task.failures.clear();
  CHECK(lines().find("look succeeds again") != std::string::npos);
  CHECK(lines().empty());
}

TEST_CASE("what happens to files under an application is a warning, and its mode is no news") {
  const Log log(LogLevel::info, LogFormat::logfmt);
  Judge judge(log);
  LookTask task;
  task.name = "app";
  const auto lines = [&](std::initializer_list<DatabaseState> states) {
    task.states.emplace();
    for (const DatabaseState state : states) task.states->add(state);
    return standard_error_of([&] { judge.looked(task); });
  };
  CHECK(lines({DatabaseState::wal_live}).find("database is watched") != std::string::npos);
  CHECK(lines({DatabaseState::wal_live, DatabaseState::rollback_exclusive}).empty());
  for (const DatabaseState state :
       {DatabaseState::wal_lost, DatabaseState::wal_mismatched, DatabaseState::overwritten}) {
    CAPTURE(to_string(state));
    const std::string began = lines({DatabaseState::wal_live, state});
    CHECK(std::ranges::count(began, '\n') == 1);
    CHECK(began.find("level=warn") != std::string::npos);
    const std::string over = lines({DatabaseState::wal_live});
    CHECK(over.find("level=info msg=\"state is over\"") != std::string::npos);
  }
}

TEST_CASE("who is left out is told, and again once one in use is among them") {
  const Log log(LogLevel::info, LogFormat::logfmt);
  Judge judge(log);
  const std::chrono::steady_clock::time_point begin{1h};
  const auto lines = [&](const LeftOut& left_out, std::chrono::seconds after) {
    return standard_error_of([&] { judge.over_limit(left_out, 10, begin + after); });
  };
  CHECK(lines({}, 0s).empty());
  const std::string began = lines({2, 0, {"/a", "/b"}}, 1s);
  CHECK(began.find("max_databases=10 not_watched=2 in_use=0 among_them=\"/a /b\"\n") !=
        std::string::npos);
  CHECK(lines({3, 0, {"/a", "/b"}}, 100s).empty());
  CHECK(lines({3, 1, {"/c", "/a"}}, 101s).find("in_use=1 among_them=\"/c /a\"") !=
        std::string::npos);
  for (int second = 102; second < 161; ++second)
    CHECK(lines({second % 2U, 0, {}}, std::chrono::seconds(second)).empty());
  CHECK(lines({}, 162s).find("all databases that are found are watched again") !=
        std::string::npos);
}

TEST_CASE("a lack of descriptors is one line for all databases, at most once a minute") {
  const Log log(LogLevel::info, LogFormat::logfmt);
  Judge judge(log);
  const std::chrono::steady_clock::time_point begin{1h};
  LookTask failing;
  failing.failures = {{kLookName, Error{Errc::limit, "open /a: Too many open files"}}};
  LookTask succeeding;
  const auto pass = [&](std::size_t opened, std::size_t unseen, std::chrono::seconds after) {
    return standard_error_of([&] {
      for (std::size_t i = 0; i < 9; ++i) {
        LookTask& task = i < unseen ? failing : succeeding;
        task.name = std::to_string(i);
        judge.looked(task);
      }
      judge.descriptors(opened, begin + after);
    });
  };
  CHECK(pass(0, 0, 0s).empty());
  const std::string opened = pass(7, 0, 1s);
  CHECK(opened.find("databases in use are opened and closed at each look\" opened=7") !=
        std::string::npos);
  CHECK(std::ranges::count(opened, '\n') == 1);
  for (int second = 2; second < 61; ++second)
    CHECK(pass(7, static_cast<std::size_t>(second % 4), std::chrono::seconds(second)).empty());
  const std::string unseen = pass(7, 5, 62s);
  CHECK(unseen.find("some databases are not looked at\" opened=7 not_looked_at=5 advice=") !=
        std::string::npos);
  CHECK(std::ranges::count(unseen, '\n') == 1);
  CHECK(pass(0, 0, 200s).find("there are descriptors enough again") != std::string::npos);
}

TEST_CASE("that folders are walked anew less often is told when it begins and ends") {
  const Log log(LogLevel::info, LogFormat::logfmt);
  Judge judge(log);
  const std::chrono::steady_clock::time_point begin{1h};
  const auto lines = [&](std::chrono::duration<double> period, std::chrono::seconds after) {
    return standard_error_of([&] { judge.rescans(period, 60s, begin + after); });
  };
  CHECK(lines(60s, 0s).empty());
  CHECK(lines(339.5s, 1s).find("to keep within cpu_budget\" rescan=340s advice=") !=
        std::string::npos);
  CHECK(lines(60s, 2s).empty());
  CHECK(lines(400s, 90s).empty());
  CHECK(lines(60s, 91s).find("walked anew at rescan_interval again") != std::string::npos);
}

TEST_CASE("that there is no procfs is told when it begins and ends") {
  const Log log(LogLevel::info, LogFormat::logfmt);
  Judge judge(log);
  const auto lines = [&](bool missing) {
    return standard_error_of([&] { judge.procfs(missing, "/proc"); });
  };
  CHECK(lines(false).empty());
  CHECK(lines(true).find("level=warn msg=\"there is no procfs") != std::string::npos);
  CHECK(lines(true).empty());
  CHECK(lines(false).find("level=info msg=\"there is a procfs again\" path=/proc") !=
        std::string::npos);
}

TEST_CASE("that processes may not be asked is told when it begins") {
  const Log log(LogLevel::info, LogFormat::logfmt);
  Judge judge(log);
  const auto lines = [&](std::size_t count) {
    return standard_error_of([&] { judge.denied_processes(count); });
  };
  CHECK(lines(0).empty());
  CHECK(lines(7).find(" processes=7 ") != std::string::npos);
  CHECK(lines(8).empty());
  CHECK(lines(0).empty());
}

TEST_CASE("a database is watched from when it has content that SQLite can read") {
  const Log log(LogLevel::info, LogFormat::logfmt);
  Judge judge(log);
  LookTask task;
  task.name = "app";
  const auto lines = [&](std::initializer_list<DatabaseState> states) {
    StateSet set;
    for (const DatabaseState state : states) set.add(state);
    task.states = set;
    return standard_error_of([&] { judge.looked(task); });
  };
  CHECK(lines({DatabaseState::absent}).find("is absent") != std::string::npos);
  const std::string newer = lines({DatabaseState::newer_format});
  CHECK(newer.find("level=info msg=\"database is of a newer format") != std::string::npos);
  CHECK(newer.find("watched") == std::string::npos);
  CHECK(lines({DatabaseState::encrypted}).find("watched") == std::string::npos);
  CHECK(lines({DatabaseState::corrupt_header}).find("level=warn") != std::string::npos);
  CHECK(lines({DatabaseState::wal_live}).find("database is watched") != std::string::npos);
  CHECK(lines({DatabaseState::wal_live, DatabaseState::hot_journal}).find("database is watched") ==
        std::string::npos);
}

}  // namespace
}  // namespace sqlite_exporter
