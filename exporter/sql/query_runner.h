/// The configured queries: has each run on each of its databases when it is due and the last look
/// found the database safe to open, and keeps what they found. Loop thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/batch.h"
#include "exporter/exposition.h"
#include "exporter/sql/config.h"
#include "exporter/sql/guarded_worker.h"
#include "exporter/sql/query_readings.h"
#include "exporter/sql/sql_reader.h"

namespace sqlite_exporter {

/// The word under which errors of queries are counted.
inline constexpr std::string_view kQueryName = "query";

class QueryRunner final : public SqlReader {
 public:
  using Clock = std::chrono::steady_clock;

  QueryRunner(const SqlConfig& config, SqlWorker::Parts parts);

  /// From now on. What queries found that stay as they are stays.
  void configure(const SqlConfig& config);
  bool wants_targets() const override { return !config_.queries.empty(); }
  /// Also forgets databases that are not among them, and has run what is due.
  void update(SqlTargets targets) override;
  void add_readings(std::string_view database, Batch& batch) const override;
  std::vector<TextFamily> families() const override;

  /// No statement runs, and none waits to be run.
  bool is_settled() const { return !running_ && ready_.empty(); }

  /// No statement begins any more, and the one under way is not waited for.
  void stop();

 private:
  /// How a query stands on a database.
  struct Run {
    bool wanted = false;      ///< it is for this database
    Clock::time_point due{};  ///< at once
    std::optional<bool> success;
    double seconds = 0;
    Clock::time_point found;
    std::vector<std::vector<QuerySample>> samples;  ///< for each metric; empty without success
    std::vector<ResultRow> sync;                    ///< what `[sync]` found
    std::set<std::string> states;                   ///< of those, as long as it is configured
    std::optional<SqlAccess> skipped;
    std::optional<std::string> told;  ///< the error that the log has

    void forget() {
      samples.clear();
      sync.clear();
    }
  };
  struct Database {
    std::string path;
    std::vector<Run> runs;  ///< one for each query, in the order of the configuration
  };
  /// A run that is due; what it is about may have changed when it comes back.
  struct Due {
    std::size_t query;
    std::string database;
    Clock::time_point since;
  };
  struct Begun {
    Due due;
    std::string path;
    QueryConfig query;
    Clock::time_point at;
  };

  Database new_database(const std::string& name, const std::string& path) const;
  /// Due and safe: into `ready_`. Due and not safe: what it found is old by now.
  void make_ready(std::size_t query, const std::string& name, const SqlTarget& target,
                  Clock::time_point now, Clock::duration period);
  void freed();
  void start_next();
  void start(Due due, const SqlTarget& target);
  void finish(const Begun& begun, Result<StatementResult> result);
  /// What of it is new; the error if something is missing.
  static std::optional<Error> keep(const QueryConfig& query, Result<StatementResult> result,
                                   Run& run);
  void tell(const QueryConfig& query, const std::string& database, Run& run,
            const std::optional<Error>& error);

  SqlConfig config_;
  SqlWorker::Parts parts_;
  GuardedWorker worker_;
  SqlTargets targets_;
  std::map<std::string, Database, std::less<>> databases_;
  std::deque<Due> ready_;
  Clock::time_point updated_ = Clock::now();
  bool running_ = false;  ///< a statement
  bool stopped_ = false;
};

}  // namespace sqlite_exporter
