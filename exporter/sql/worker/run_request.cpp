#include "exporter/sql/worker/run_request.h"

#include <utility>

#include "exporter/sql/worker/connection.h"
#include "exporter/sql/worker/select_rows.h"
#include "exporter/sql/worker/sync_rows.h"

namespace sqlite_exporter {

namespace {

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

}  // namespace

Result<StatementResult> run_request(const StatementRequest& request) {
  const auto begun = std::chrono::steady_clock::now();
  Deadline deadline{begun + request.timeout};
  Result<Connection> connection = open_connection(request.path, deadline);
  if (!connection) return fail(connection.error());
  Result<StatementResult> result = read(connection->get(), request, deadline);
  connection->reset();
  if (!result) return fail(in_our_words(std::move(result.error())));
  result->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return result;
}

}  // namespace sqlite_exporter
