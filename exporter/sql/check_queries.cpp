#include "exporter/sql/check_queries.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include "exporter/config_refusal.h"
#include "exporter/log.h"
#include "exporter/loop.h"
#include "exporter/sql/query_readings.h"
#include "exporter/sql/sql_worker.h"

namespace sqlite_exporter {

namespace {

constexpr std::chrono::milliseconds kCheckWatchPeriod(100);

/// One statement after the other.
class QueryCheck {
 public:
  QueryCheck(std::span<const QueryConfig> queries, std::span<const std::string> places)
      : queries_(queries), places_(places) {}

  Result<void> run() {
    loop_.every(kCheckWatchPeriod, [this] { worker_.watch(); });
    next();
    if (!done_) loop_.run();
    return std::move(outcome_);
  }

 private:
  void next() {
    while (at_ < queries_.size() && queries_[at_].sync) ++at_;
    if (at_ >= queries_.size() || at_ >= places_.size()) return end({});
    worker_.run(request_of(queries_[at_], std::string(kNoDatabase)),
                [this](const Result<StatementResult>& result) { answered(result); });
  }

  void answered(const Result<StatementResult>& result) {
    // What takes long without a database may be quick with one.
    const bool unsure = !result && result.error().code == Errc::timeout;
    if (!result && result.error().code == Errc::config)
      return end(refuse(places_[at_], "is refused: " + result.error().message));
    if (!result && !unsure) return end(fail(result.error()));
    ++at_;
    if (worker_.is_free()) return next();
    end(fail(Errc::internal, "the SQL worker did not come to an end"));
  }

  void end(Result<void> outcome) {
    outcome_ = std::move(outcome);
    done_ = true;
    loop_.stop();
  }

  std::span<const QueryConfig> queries_;
  std::span<const std::string> places_;
  std::size_t at_ = 0;
  Result<void> outcome_;
  bool done_ = false;
  Loop loop_;
  Log log_{LogLevel::error, LogFormat::logfmt};
  SqlWorker worker_{{loop_, log_, std::make_shared<OwnMetrics>(std::span<const std::string_view>()),
                     nullptr, sql_worker_command("/proc")}};
};

}  // namespace

Result<void> check_queries(std::span<const QueryConfig> queries,
                           std::span<const std::string> places) {
  if (places.empty()) return {};
  return QueryCheck(queries, places).run();
}

}  // namespace sqlite_exporter
