#include "exporter/sql/worker/run_request.h"

#include <optional>
#include <utility>

#include "exporter/sql/worker/check_statement.h"
#include "exporter/sql/worker/connection.h"
#include "exporter/sql/worker/select_rows.h"
#include "exporter/sql/worker/sync_rows.h"
#include "exporter/sql/worker/unlocked_files.h"

namespace sqlite_exporter {

namespace {

/// A database that is written to all the while is not read at any price. One that is locked is
/// waited for a little in each of them.
constexpr int kMostTries = 8;

Result<StatementResult> read(sqlite3* connection, const StatementRequest& request,
                             Deadline& deadline) {
  if (request.sync) return sync_rows(connection, request, deadline);
  return select_rows(connection, request).map([](std::vector<ResultRow>&& rows) {
    return StatementResult{std::move(rows), 0, {}};
  });
}

/// SQLite calls it interrupted.
Error in_our_words(Error error) {
  if (error.code == Errc::timeout) error.message = "it took longer than its timeout";
  return error;
}

Error disturbed(int tries) {
  return {Errc::busy, std::string("the database changed under the query, ")
                          .append(tries == 1 ? "once" : std::to_string(tries) + " times")
                          .append("; it is in rollback mode and is read without a lock")};
}

Error half_done() {
  return {Errc::busy, "a crash left a transaction half done, and its journal is hot"};
}

struct Try {
  Result<StatementResult> result;
  UnlockedReading reading;

  /// The next one may be better.
  bool is_void() const {
    return reading.disturbed ||
           (reading.unlocked && !reading.hot && !result && result.error().code == Errc::busy);
  }
};

Try try_once(const StatementRequest& request, Deadline deadline, DatabaseCopy copy) {
  const Result<Connection> connection = open_connection(request.path, deadline, copy);
  if (!connection) return {fail(connection.error()), {}};
  Result<StatementResult> result = read(connection->get(), request, deadline);
  return {std::move(result), reading_of(connection->get())};
}

Result<StatementResult> run(const StatementRequest& request, const Deadline& deadline) {
  DatabaseCopy copy = DatabaseCopy::none;
  for (int tries = 1;; ++tries) {
    Try now = try_once(request, deadline, copy);
    if (!now.is_void()) {
      if (!now.result && now.reading.hot) return fail(half_done());
      return std::move(now.result);
    }
    if (tries == kMostTries || deadline.passed())
      return now.reading.disturbed ? fail(disturbed(tries)) : std::move(now.result);
    // A copy takes less time than most queries, so it may be had where the first was disturbed.
    if (now.reading.size <= kMostImage) copy = DatabaseCopy::in_memory;
  }
}

}  // namespace

Result<StatementResult> run_request(const StatementRequest& request) {
  if (request.path == kNoDatabase)
    return check_statement(request).map([] { return StatementResult(); });
  const auto begun = std::chrono::steady_clock::now();
  Result<StatementResult> result = run(request, Deadline{begun + request.timeout});
  if (!result) return fail(in_our_words(std::move(result.error())));
  result->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return result;
}

}  // namespace sqlite_exporter
