/// The daemon's end of the worker, with workers that answer, lie, die, hang and never start.
#include "exporter/sql/sql_worker.h"

#include <prometheus/metric_family.h>

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

constexpr const char* kHello =
    "echo '{\"sqlite_version\":\"3\",\"listed_pid\":7,\"missing\":[]}'; ";
constexpr const char* kAnswer = "echo '{\"rows\":[],\"seconds\":0.5}'; ";

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

/// A worker that is a shell script.
struct Site {
  explicit Site(std::initializer_list<std::string_view> script)
      : worker({loop, log, metrics, pid, {"/bin/sh", "-c", joined(script)}}) {
    metrics->expect_worker();
    loop.every(std::chrono::milliseconds(10), [this] { worker.watch(); });
  }

  /// What a statement ends in.
  Result<StatementResult> run(std::chrono::milliseconds timeout = std::chrono::seconds(60)) {
    StatementRequest request;
    request.path = "/a.db";
    request.timeout = timeout;
    std::optional<Result<StatementResult>> result;
    worker.run(request, [&](Result<StatementResult> done) {
      result = std::move(done);
      loop.stop();
    });
    CHECK_FALSE(result);  // not from within
    loop.run();
    REQUIRE(result);
    return *result;
  }

  double restarts(WorkerRestart reason) const {
    const std::string wanted(kWorkerRestartNames[static_cast<std::size_t>(reason)]);
    for (const prometheus::MetricFamily& family : metrics->collect())
      for (const prometheus::ClientMetric& metric : family.metric)
        if (family.name == "sqlite_exporter_worker_restarts_total" &&
            metric.label.at(0).value == wanted)
          return metric.counter.value;
    return -1;
  }

  Loop loop;
  Log log{LogLevel::error, LogFormat::logfmt};
  std::shared_ptr<OwnMetrics> metrics =
      std::make_shared<OwnMetrics>(std::span<const std::string_view>());
  OwnReader pid = std::make_shared<OwnReaderPids>();
  SqlWorker worker;
};

TEST_CASE("a statement is answered") {
  Site site({kHello, "while read -r line; do ", kAnswer, "done"});
  CHECK(site.worker.is_free());
  CHECK(site.pid->pid.load() == 0);
  CHECK(site.run().value().seconds == 0.5);
  CHECK(site.worker.is_free());
  CHECK(site.pid->pid.load() > 0);
  CHECK(site.pid->listed.load() == 7);
}

TEST_CASE("a worker that dies ends its statement, and another is started") {
  Site site({kHello, "read -r line"});
  const auto result = site.run();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::internal);
  CHECK(result.error().message == "the SQL worker ended while it ran");
  CHECK(site.restarts(WorkerRestart::ended) == 1);
  CHECK(site.pid->pid.load() == 0);
  CHECK(site.worker.is_free());
}

TEST_CASE("a worker that lies is killed") {
  for (const std::string answer : {"garbage", "{}", "{\"rows\":[[[],[1]]],\"seconds\":1}"}) {
    Site site({kHello, "read -r line; echo '", answer, "'; read -r line"});
    const auto result = site.run();
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::internal);
    CHECK(site.restarts(WorkerRestart::protocol) == 1);
    CHECK(site.restarts(WorkerRestart::ended) == 0);
  }
}

TEST_CASE("a worker that does not greet is killed") {
  Site site({"echo hello; read -r line; read -r line"});
  CHECK(site.run().error().code == Errc::internal);
  CHECK(site.restarts(WorkerRestart::protocol) == 1);
}

TEST_CASE("a worker over its time is killed") {
  Site site({kHello, "while :; do :; done"});
  const auto result = site.run(std::chrono::milliseconds(1));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::timeout);
  CHECK(site.restarts(WorkerRestart::timeout) == 1);
}

TEST_CASE("a statement that is stopped ends in the error of whoever stopped it") {
  Site site({kHello, "while :; do :; done"});
  bool stopped = false;
  site.loop.every(std::chrono::milliseconds(1), [&] {
    if (site.pid->pid.load() == 0 || std::exchange(stopped, true)) return;
    site.worker.stop(WorkerRestart::pinned_frames, {Errc::busy, "frames pile up"});
    CHECK_FALSE(site.worker.is_free());
    site.worker.stop(WorkerRestart::protocol, {Errc::busy, "twice"});
  });
  CHECK(site.run().error().message == "frames pile up");
  CHECK(site.restarts(WorkerRestart::pinned_frames) == 1);
  CHECK(site.restarts(WorkerRestart::protocol) == 0);
}

TEST_CASE("a worker that cannot be started is not tried without a pause") {
  Site site({""});
  SqlWorker broken({site.loop, site.log, site.metrics, site.pid, {"/nowhere/program"}});
  std::optional<Result<StatementResult>> result;
  broken.run({}, [&](Result<StatementResult> done) {
    result = std::move(done);
    site.loop.stop();
  });
  site.loop.run();
  REQUIRE(result);
  CHECK(result->error().message == "cannot run /nowhere/program: No such file or directory");
  CHECK_FALSE(broken.is_free());
}

TEST_CASE("a worker that ends before its greeting, again and again, is given a pause") {
  Site site({"exit 1"});
  int tries = 0;
  const std::function<void()> again = [&] {
    if (!site.worker.is_free()) return site.loop.stop();
    ++tries;
    StatementRequest request;
    request.timeout = std::chrono::seconds(60);
    site.worker.run(request, [&](const Result<StatementResult>& result) {
      CHECK_FALSE(result);
      again();
    });
  };
  again();
  site.loop.run();
  CHECK(tries == 3);
}

TEST_CASE("an idle worker is let go") {
  Site site({kHello, "while read -r line; do ", kAnswer, "done"});
  CHECK(site.run());
  site.worker.let_go();
  CHECK_FALSE(site.worker.is_free());
  site.loop.every(std::chrono::milliseconds(1), [&] {
    if (site.worker.is_free()) site.loop.stop();
  });
  site.loop.run();
  CHECK(site.pid->pid.load() == 0);
  CHECK(site.restarts(WorkerRestart::ended) == 0);
}

}  // namespace
}  // namespace sqlite_exporter
