#include "exporter/sql/worker/select_rows.h"

#include <optional>
#include <string>
#include <utility>

#include "exporter/naming.h"
#include "exporter/quoted.h"
#include "exporter/sql/worker/connection.h"
#include "exporter/sql/worker/statement.h"

namespace sqlite_exporter {

namespace {

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

}  // namespace

Result<Statement> prepare_select(sqlite3* connection, std::string_view sql) {
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

Result<std::vector<ResultRow>> select_rows(sqlite3* connection, const StatementRequest& request) {
  const Result<Statement> statement = prepare_select(connection, request.sql);
  if (!statement) return fail(statement.error());
  const auto labels = find_columns(statement->get(), request.labels);
  if (!labels) return fail(labels.error());
  const auto values = find_columns(statement->get(), request.values);
  if (!values) return fail(values.error());

  std::vector<ResultRow> rows;
  std::size_t size = 0;
  while (true) {
    const Result<bool> there = step(connection, *statement);
    if (!there) return fail(there.error());
    if (!*there) return rows;
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

}  // namespace sqlite_exporter
