#include "exporter/sql/worker/pending_rows.h"

#include <sqlite3.h>

#include <variant>

#include "exporter/sql/worker/connection.h"
#include "exporter/sql/worker/statement.h"

namespace sqlite_exporter {

namespace {

constexpr std::string_view kColumn = "\"updated_at\"";

/// What a name read from a table means in the schema. A virtual table has no root page, and what it
/// costs to read one is for the user to judge.
constexpr std::string_view kFindTable =
    "SELECT s.name FROM sqlite_schema AS s WHERE s.type = 'table' AND s.rootpage > 0 AND "
    "s.name = ?1 COLLATE NOCASE AND EXISTS (SELECT 1 FROM pragma_table_info(s.name) AS c "
    "WHERE c.name = 'updated_at' COLLATE NOCASE)";

/// True at a row, false at the end.
Result<bool> step(sqlite3* connection, const Statement& statement) {
  const int code = sqlite3_step(statement.get());
  if (code != SQLITE_ROW && code != SQLITE_DONE) return fail(error_of(connection));
  return code == SQLITE_ROW;
}

void bind(const Statement& statement, int parameter, const Number& number) {
  if (const auto* const integer = std::get_if<std::int64_t>(&number)) {
    sqlite3_bind_int64(statement.get(), parameter, *integer);
  } else {
    sqlite3_bind_double(statement.get(), parameter, std::get<double>(number));
  }
}

/// Quoted, as the schema spells it.
Result<std::optional<std::string>> find_table(sqlite3* connection, const std::string& name) {
  const Result<Prepared> found = prepare(connection, kFindTable);
  if (!found) return fail(found.error());
  sqlite3_bind_text(found->statement.get(), 1, name.data(), static_cast<int>(name.size()),
                    SQLITE_STATIC);
  const Result<bool> row = step(connection, found->statement);
  if (!row) return fail(row.error());
  if (!*row) return std::optional<std::string>();
  const unsigned char* const text = sqlite3_column_text(found->statement.get(), 0);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(found->statement.get(), 0));
  return quoted_identifier({reinterpret_cast<const char*>(text), size});
}

/// What cannot be compared is not counted; one row tells for all.
Result<bool> has_times(sqlite3* connection, const std::string& table) {
  const std::string column(kColumn);
  const Result<Prepared> first =
      prepare(connection, "SELECT " + column + ", CASE WHEN typeof(" + column + ") = 'text' AND " +
                              is_date(column) + " THEN " + milliseconds_of(column) + " END FROM " +
                              table + " LIMIT 1");
  if (!first) return fail(first.error());
  const Result<bool> row = step(connection, first->statement);
  if (!row) return fail(row.error());
  return !*row || read_moment(first->statement.get(), 0, kColumn).has_value();
}

/// Numbers and texts apart, so that an index on the column serves each; `typeof` because a column
/// of type TEXT compares numbers as texts. ?1 seconds, ?2 milliseconds, ?3 the most.
std::string newer_rows(const std::string& table) {
  const std::string column(kColumn);
  const std::string first(kFirstMillisecond);
  const std::string is_number = " AND typeof(" + column + ") IN ('integer', 'real')";
  const std::string rows = "SELECT 1 FROM " + table + " WHERE ";
  // A text's date may lie a day before its time: `2026-11-20 23:30-02:00`.
  return rows + column + " > ?1 AND " + column + " < " + first + is_number + " UNION ALL " + rows +
         column + " > ?2 AND " + column + " >= " + first + is_number + " UNION ALL " + rows +
         column + " >= date(?2 / 1000, 'unixepoch', '-1 day') AND typeof(" + column +
         ") = 'text' AND " + is_date(column) + " AND " + milliseconds_of(column) + " > ?2";
}

}  // namespace

Result<std::optional<std::size_t>> count_pending_rows(sqlite3* connection, const std::string& table,
                                                      const std::optional<Moment>& last,
                                                      std::size_t most) {
  const Result<std::optional<std::string>> found = find_table(connection, table);
  if (!found) return fail(found.error());
  if (!*found) return std::optional<std::size_t>();
  const Result<bool> countable = has_times(connection, **found);
  if (!countable) return fail(countable.error());
  if (!*countable) return std::optional<std::size_t>();

  const std::string rows = last ? newer_rows(**found) : "SELECT 1 FROM " + **found;
  const Result<Prepared> count =
      prepare(connection, "SELECT count(*) FROM (" + rows + " LIMIT ?3)");
  if (!count) return fail(count.error());
  if (last) {
    bind(count->statement, 1, last->seconds);
    bind(count->statement, 2, last->milliseconds);
  }
  sqlite3_bind_int64(count->statement.get(), 3, static_cast<sqlite3_int64>(most) + 1);
  const Result<bool> row = step(connection, count->statement);
  if (!row) return fail(row.error());
  return static_cast<std::size_t>(sqlite3_column_int64(count->statement.get(), 0));
}

}  // namespace sqlite_exporter
