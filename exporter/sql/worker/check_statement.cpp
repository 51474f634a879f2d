#include "exporter/sql/worker/check_statement.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "exporter/sql/worker/connection.h"
#include "exporter/sql/worker/select_rows.h"
#include "exporter/sql/worker/statement.h"
#include "exporter/sql/worker/statement_words.h"

namespace sqlite_exporter {

namespace {

/// What one row does not do, others hardly do.
constexpr int kMostRows = 100;

/// SQLite's words for what no table and no column changes.
constexpr std::array<std::string_view, 5> kSureFailures = {"syntax error", "incomplete input",
                                                           "unrecognized token", "no such function",
                                                           "wrong number of arguments to function"};

bool is_refused(sqlite3* connection, std::string_view message) {
  return (sqlite3_errcode(connection) & 0xff) == SQLITE_AUTH ||
         message.starts_with("not authorized");
}

Result<void> judge_failure(sqlite3* connection, const Error& error) {
  if (is_refused(connection, error.message))
    return fail(Errc::config, "it does more than a query may: " + error.message);
  // These bring a name of the user's with them.
  if (error.message.starts_with("no such table") || error.message.starts_with("no such column"))
    return {};
  const bool is_sure = std::ranges::any_of(kSureFailures, [&](std::string_view words) {
    return error.message.find(words) != std::string::npos;
  });
  return is_sure ? Result<void>(fail(Errc::config, error.message)) : Result<void>();
}

Result<void> check_words(std::string_view sql) {
  if (begins_a_write(sql)) return fail(Errc::config, "it is no SELECT");
  if (has_another_statement(sql)) return fail(Errc::config, "it holds more than one statement");
  return {};
}

}  // namespace

Result<void> check_statement(const StatementRequest& request) {
  if (Result<void> words = check_words(request.sql); !words) return words;
  Deadline deadline{std::chrono::steady_clock::now() + request.timeout};
  const Result<Connection> connection = open_connection(std::string(kNoDatabase), deadline);
  if (!connection) return fail(Errc::internal, connection.error().message);
  sqlite3* const raw = connection->get();
  const Result<Prepared> prepared = prepare(raw, request.sql);
  if (!prepared) return judge_failure(raw, prepared.error());
  const Result<Statement> statement = prepare_select(raw, request.sql);
  if (!statement) return fail(statement.error());
  for (const auto* const names : {&request.labels, &request.values})
    if (const auto columns = find_columns(statement->get(), *names); !columns)
      return fail(columns.error());
  // Table-valued pragmas are refused when they are run.
  for (int row = 0; row < kMostRows; ++row) {
    const Result<bool> there = step(raw, *statement);
    if (!there && is_refused(raw, there.error().message)) return judge_failure(raw, there.error());
    if (!there || !*there) break;
  }
  return {};
}

}  // namespace sqlite_exporter
