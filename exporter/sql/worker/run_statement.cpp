#include "exporter/sql/worker/run_statement.h"

#include <sqlite3.h>

#include <memory>
#include <utility>

#include "exporter/naming.h"
#include "exporter/quoted.h"
#include "exporter/sql/worker/connection.h"

namespace sqlite_exporter {

namespace {

/// Prometheus itself has no limit; a label of a book would be read by nobody.
constexpr std::size_t kMaxLabelSize = 1024;
/// Of all labels and values: what the daemon takes, with room for how JSON writes it.
constexpr std::size_t kMaxResultSize = std::size_t{1} << 20U;
constexpr std::size_t kSizeOfOne = 8;

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

struct Prepared {
  Statement statement;    ///< null if there is nothing but space and comments
  std::string_view rest;  ///< behind it
};

Result<Prepared> prepare(sqlite3* connection, std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const char* rest = nullptr;
  const int code =
      sqlite3_prepare_v2(connection, sql.data(), static_cast<int>(sql.size()), &raw, &rest);
  Statement statement(raw);
  if (code != SQLITE_OK) return fail(error_of(connection));
  return Prepared{std::move(statement), sql.substr(static_cast<std::size_t>(rest - sql.data()))};
}

Result<Statement> prepare_one(sqlite3* connection, std::string_view sql) {
  Result<Prepared> first = prepare(connection, sql);
  if (!first) return fail(first.error());
  if (!first->statement) return fail(Errc::config, "it holds no statement");
  if (sqlite3_stmt_readonly(first->statement.get()) == 0 ||
      sqlite3_column_count(first->statement.get()) == 0)
    return fail(Errc::config, "it is no SELECT");
  const Result<Prepared> second = prepare(connection, first->rest);
  if (!second && second.error().code != Errc::config) return fail(second.error());
  if (!second || second->statement) return fail(Errc::config, "it holds more than one statement");
  return std::move(first->statement);
}

Result<std::vector<int>> find_columns(sqlite3_stmt* statement,
                                      const std::vector<std::string>& wanted) {
  const int count = sqlite3_column_count(statement);
  std::vector<int> found;
  for (const std::string& name : wanted) {
    int column = 0;
    while (column < count && name != sqlite3_column_name(statement, column)) ++column;
    if (column < count) {
      found.push_back(column);
      continue;
    }
    std::string message = "it gives no column " + in_quotes(name) + ", but ";
    for (int i = 0; i < count; ++i)
      message.append(i == 0 ? "" : ", ").append(in_quotes(sqlite3_column_name(statement, i)));
    return fail(Errc::config, as_utf8(message));
  }
  return found;
}

std::string column_of(sqlite3_stmt* statement, int column, std::size_t row) {
  return std::string("column ")
      .append(in_quotes(sqlite3_column_name(statement, column)))
      .append(" of row ")
      .append(std::to_string(row));
}

/// `row` from 1.
Result<std::string> label_of(sqlite3_stmt* statement, int column, std::size_t row) {
  if (sqlite3_column_type(statement, column) == SQLITE_BLOB)
    return fail(Errc::config,
                column_of(statement, column, row) + " is a blob, where a label is due");
  const unsigned char* const text = sqlite3_column_text(statement, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  if (text == nullptr) return std::string();
  if (size > kMaxLabelSize)
    return fail(Errc::limit, column_of(statement, column, row) + " is a label of over 1024 bytes");
  return as_utf8({reinterpret_cast<const char*>(text), size});
}

Result<std::optional<Number>> value_of(sqlite3_stmt* statement, int column, std::size_t row) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL: return std::optional<Number>();
    case SQLITE_INTEGER: return Number(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT: return Number(sqlite3_column_double(statement, column));
    case SQLITE_TEXT:
      return fail(Errc::config,
                  column_of(statement, column, row) + " is a text, where a number is due");
    default:
      return fail(Errc::config,
                  column_of(statement, column, row) + " is a blob, where a number is due");
  }
}

/// `row` from 1. `size` grows by its labels.
Result<ResultRow> read_row(sqlite3_stmt* statement, const std::vector<int>& labels,
                           const std::vector<int>& values, std::size_t row, std::size_t& size) {
  ResultRow result;
  for (const int column : labels) {
    Result<std::string> label = label_of(statement, column, row);
    if (!label) return fail(label.error());
    size += kSizeOfOne + label->size();
    result.labels.push_back(std::move(*label));
  }
  for (const int column : values) {
    const auto value = value_of(statement, column, row);
    if (!value) return fail(value.error());
    size += kSizeOfOne;
    result.values.push_back(*value);
  }
  return result;
}

Result<std::vector<ResultRow>> read_rows(sqlite3* connection, const StatementRequest& request) {
  const Result<Statement> statement = prepare_one(connection, request.sql);
  if (!statement) return fail(statement.error());
  const auto labels = find_columns(statement->get(), request.labels);
  if (!labels) return fail(labels.error());
  const auto values = find_columns(statement->get(), request.values);
  if (!values) return fail(values.error());

  std::vector<ResultRow> rows;
  std::size_t size = 0;
  while (true) {
    const int step = sqlite3_step(statement->get());
    if (step == SQLITE_DONE) return rows;
    if (step != SQLITE_ROW) return fail(error_of(connection));
    if (rows.size() == request.max_rows)
      return fail(Errc::limit, std::string("it gives more than ")
                                   .append(std::to_string(request.max_rows))
                                   .append(request.max_rows == 1 ? " row" : " rows"));
    Result<ResultRow> row = read_row(statement->get(), *labels, *values, rows.size() + 1, size);
    if (!row) return fail(row.error());
    if (size > kMaxResultSize) return fail(Errc::limit, "its rows take more than 1 MiB");
    rows.push_back(std::move(*row));
  }
}

}  // namespace

Result<StatementResult> run_statement(const StatementRequest& request) {
  const auto begun = std::chrono::steady_clock::now();
  Deadline deadline{begun + request.timeout};
  Result<Connection> connection = open_connection(request.path, deadline);
  if (!connection) return fail(connection.error());
  Result<std::vector<ResultRow>> rows = read_rows(connection->get(), request);
  connection->reset();
  if (!rows) {
    if (rows.error().code == Errc::timeout)
      return fail(Errc::timeout, "it took longer than its timeout");
    return fail(rows.error());
  }
  return StatementResult{
      std::move(*rows),
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count()};
}

}  // namespace sqlite_exporter
