#include "exporter/sql/worker/statement.h"

#include <utility>

#include "exporter/naming.h"
#include "exporter/quoted.h"
#include "exporter/sql/worker/connection.h"

namespace sqlite_exporter {

namespace {

/// Prometheus itself has no limit; a label of a book would be read by nobody.
constexpr std::size_t kMaxLabelSize = 1024;

}  // namespace

Result<Prepared> prepare(sqlite3* connection, std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const char* rest = nullptr;
  const int code =
      sqlite3_prepare_v2(connection, sql.data(), static_cast<int>(sql.size()), &raw, &rest);
  Statement statement(raw);
  if (code != SQLITE_OK) return fail(error_of(connection));
  return Prepared{std::move(statement), sql.substr(static_cast<std::size_t>(rest - sql.data()))};
}

Result<bool> step(sqlite3* connection, const Statement& statement) {
  const int code = sqlite3_step(statement.get());
  if (code != SQLITE_ROW && code != SQLITE_DONE) return fail(error_of(connection));
  return code == SQLITE_ROW;
}

void bind_text(const Statement& statement, int parameter, std::string_view text) {
  sqlite3_bind_text(statement.get(), parameter, text.data(), static_cast<int>(text.size()),
                    SQLITE_STATIC);
}

std::string quoted_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += c;
    quoted += c;
  }
  return quoted += '"';
}

std::string column_of(sqlite3_stmt* statement, int column, std::size_t row) {
  return std::string("column ")
      .append(in_quotes(sqlite3_column_name(statement, column)))
      .append(" of row ")
      .append(std::to_string(row));
}

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

}  // namespace sqlite_exporter
