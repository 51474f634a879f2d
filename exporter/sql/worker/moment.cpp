#include "exporter/sql/worker/moment.h"

#include <sqlite3.h>

#include <cmath>

namespace sqlite_exporter {

namespace {

Moment from_milliseconds(std::int64_t value) { return {static_cast<double>(value) / 1000, value}; }

std::optional<Moment> moment_of(std::int64_t value) {
  if (value > -kFirstMillisecond && value < kFirstMillisecond) return Moment{value, value * 1000};
  if (value < -kLastMillisecond || value > kLastMillisecond) return std::nullopt;
  return from_milliseconds(value);
}

std::optional<Moment> moment_of(double value) {
  if (std::abs(value) < static_cast<double>(kFirstMillisecond)) return Moment{value, value * 1000};
  if (std::abs(value) > static_cast<double>(kLastMillisecond)) return std::nullopt;
  return Moment{value / 1000, value};
}

std::optional<Moment> moment_in(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER: return moment_of(std::int64_t{sqlite3_column_int64(statement, column)});
    case SQLITE_FLOAT: return moment_of(sqlite3_column_double(statement, column));
    case SQLITE_TEXT:
      if (sqlite3_column_type(statement, column + 1) != SQLITE_INTEGER) return std::nullopt;
      return from_milliseconds(sqlite3_column_int64(statement, column + 1));
    default: return std::nullopt;
  }
}

/// `pattern` with the column in place of each `$`.
std::string with_column(std::string_view pattern, std::string_view column) {
  std::string sql;
  for (const char c : pattern) {
    if (c == '$') {
      sql += column;
    } else {
      sql += c;
    }
  }
  return sql;
}

}  // namespace

double Moment::unix_seconds() const {
  return std::visit([](auto value) { return static_cast<double>(value); }, seconds);
}

std::string number_or_text(std::string_view column) {
  return with_column(
      "CASE WHEN typeof($) = 'text' AND $ <> '' AND $ NOT GLOB '*[^0-9]*' THEN CAST($ AS INTEGER) "
      "ELSE $ END",
      column);
}

std::string milliseconds_of_text(std::string_view column) {
  return with_column(
      "CASE WHEN typeof($) = 'text' AND $ GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' THEN "
      "strftime('%s', $) * 1000 + "
      "CAST(round((strftime('%f', $) - strftime('%S', $)) * 1000) AS INTEGER) END",
      column);
}

std::string moment_columns(std::string_view column) {
  return number_or_text(column) + ", " + milliseconds_of_text(column);
}

Result<std::optional<Moment>> read_moment(sqlite3_stmt* statement, int column) {
  if (sqlite3_column_type(statement, column) == SQLITE_NULL) return std::optional<Moment>();
  const std::optional<Moment> moment = moment_in(statement, column);
  if (moment) return moment;
  return fail(Errc::config, "neither seconds nor milliseconds nor a text as 2026-11-21 08:30");
}

}  // namespace sqlite_exporter
