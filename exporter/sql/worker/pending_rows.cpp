#include "exporter/sql/worker/pending_rows.h"

#include <sqlite3.h>

#include <string_view>
#include <variant>

#include "exporter/sql/worker/connection.h"
#include "exporter/sql/worker/statement.h"

namespace sqlite_exporter {

namespace {

constexpr std::string_view kColumn = "\"updated_at\"";

/// What a name read from a table means in the schema. A virtual table has no root page; what it or
/// a column that is computed when it is read (hidden = 2) costs is for the user to judge.
constexpr std::string_view kFindTable =
    "SELECT s.name FROM sqlite_schema AS s WHERE s.type = 'table' AND s.rootpage > 0 AND "
    "s.name = ?1 COLLATE NOCASE AND EXISTS (SELECT 1 FROM pragma_table_xinfo(s.name) AS c "
    "WHERE c.name = 'updated_at' COLLATE NOCASE AND c.hidden IN (0, 3))";

/// ?1 seconds, ?2 milliseconds, ?3 the most, ?4 the last millisecond, ?5 the first. Numbers and
/// texts apart, so that an index on the column serves each; `+` keeps it from serving the other
/// bounds. `$u < ''` is true for numbers alone, in a column of type TEXT, which compares them as
/// texts, too. A text's date may lie a day before its time: 2026-11-20 23:30-02:00.
constexpr std::string_view kNewer = R"(
SELECT count(*), coalesce(max(no_time), 0) FROM (
  SELECT 0 AS no_time FROM $t WHERE $u > ?1 AND $u < ?5 AND +$u < ''
  UNION ALL
  SELECT +$u > ?4 FROM $t WHERE $u > ?2 AND $u < '' AND +$u >= ?5
  UNION ALL
  SELECT $m IS NULL FROM $t
  WHERE $u >= coalesce(date(?2 / 1000, 'unixepoch', '-1 day'), '') AND ($m IS NULL OR $m > ?2)
  LIMIT ?3))";

constexpr std::string_view kAll = "SELECT count(*), 0 FROM (SELECT 1 FROM $t LIMIT ?3)";

std::string statement_on(std::string_view pattern, const DatedTable& table) {
  std::string sql;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '$') {
      sql += pattern[i];
      continue;
    }
    switch (pattern[++i]) {
      case 't': sql += table.name; break;
      case 'u': sql += table.updated_at; break;
      default: sql += '(' + milliseconds_of_text(table.updated_at) + ')';
    }
  }
  return sql;
}

void bind_number(const Statement& statement, int parameter, const Number& number) {
  if (const auto* const integer = std::get_if<std::int64_t>(&number)) {
    sqlite3_bind_int64(statement.get(), parameter, *integer);
  } else {
    sqlite3_bind_double(statement.get(), parameter, std::get<double>(number));
  }
}

/// As the schema spells it, and quoted.
Result<std::optional<std::string>> find_table(sqlite3* connection, const std::string& name) {
  const Result<Prepared> found = prepare(connection, kFindTable);
  if (!found) return fail(found.error());
  bind_text(found->statement, 1, name);
  const Result<bool> row = step(connection, found->statement);
  if (!row) return fail(row.error());
  if (!*row) return std::optional<std::string>();
  const unsigned char* const text = sqlite3_column_text(found->statement.get(), 0);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(found->statement.get(), 0));
  return quoted_identifier({reinterpret_cast<const char*>(text), size});
}

}  // namespace

Result<std::optional<DatedTable>> find_dated_table(sqlite3* connection, const std::string& name) {
  const Result<std::optional<std::string>> found = find_table(connection, name);
  if (!found) return fail(found.error());
  if (!*found) return std::optional<DatedTable>();
  DatedTable table{**found, std::string(kColumn)};
  const Result<Prepared> first =
      prepare(connection, "SELECT " + moment_columns(kColumn) + ", typeof(" + table.updated_at +
                              ") = 'text' FROM " + table.name + " WHERE " + table.updated_at +
                              " IS NOT NULL LIMIT 1");
  if (!first) return fail(first.error());
  const Result<bool> row = step(connection, first->statement);
  if (!row) return fail(row.error());
  if (!*row) return table;
  if (const auto moment = read_moment(first->statement.get(), 0); !moment)
    return fail(moment.error().code, "its \"updated_at\" is " + moment.error().message);
  // No index serves what is computed, and texts of digits do not sort as their numbers do.
  const bool digits = sqlite3_column_type(first->statement.get(), 0) == SQLITE_INTEGER &&
                      sqlite3_column_int(first->statement.get(), 2) != 0;
  if (digits) table.updated_at = '(' + number_or_text(kColumn) + ')';
  return table;
}

Result<std::size_t> count_pending_rows(sqlite3* connection, const DatedTable& table,
                                       const std::optional<Moment>& last, std::size_t most) {
  const Result<Prepared> count = prepare(connection, statement_on(last ? kNewer : kAll, table));
  if (!count) return fail(count.error());
  if (last) {
    bind_number(count->statement, 1, last->seconds);
    bind_number(count->statement, 2, last->milliseconds);
    bind_number(count->statement, 4, kLastMillisecond);
    bind_number(count->statement, 5, kFirstMillisecond);
  }
  sqlite3_bind_int64(count->statement.get(), 3, static_cast<sqlite3_int64>(most) + 1);
  const Result<bool> row = step(connection, count->statement);
  if (!row) return fail(row.error());
  if (sqlite3_column_int(count->statement.get(), 1) != 0)
    return fail(Errc::config, "its \"updated_at\" is not always a time");
  return static_cast<std::size_t>(sqlite3_column_int64(count->statement.get(), 0));
}

}  // namespace sqlite_exporter
