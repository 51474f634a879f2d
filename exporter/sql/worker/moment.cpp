#include "exporter/sql/worker/moment.h"

#include <sqlite3.h>

#include <cmath>
#include <cstdint>

namespace sqlite_exporter {

namespace {

constexpr std::int64_t kFirst = 100'000'000'000;
constexpr std::int64_t kLast = 253'402'300'799'999;  // the end of the year 9999, milliseconds

Moment from_milliseconds(std::int64_t value) { return {static_cast<double>(value) / 1000, value}; }

std::optional<Moment> moment_of(std::int64_t value) {
  if (value > -kFirst && value < kFirst) return Moment{value, value * 1000};
  if (value < -kLast || value > kLast) return std::nullopt;
  return from_milliseconds(value);
}

std::optional<Moment> moment_of(double value) {
  if (std::abs(value) < static_cast<double>(kFirst)) return Moment{value, value * 1000};
  if (std::abs(value) > static_cast<double>(kLast)) return std::nullopt;
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

}  // namespace

double Moment::unix_seconds() const {
  return std::visit([](auto value) { return static_cast<double>(value); }, seconds);
}

std::string is_date(std::string_view expression) {
  return std::string(expression).append(" GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'");
}

std::string milliseconds_of(std::string_view expression) {
  const std::string text(expression);
  return "(strftime('%s', " + text + ") * 1000 + CAST(round((strftime('%f', " + text +
         ") - strftime('%S', " + text + ")) * 1000) AS INTEGER))";
}

Result<std::optional<Moment>> read_moment(sqlite3_stmt* statement, int column,
                                          std::string_view what) {
  if (sqlite3_column_type(statement, column) == SQLITE_NULL) return std::optional<Moment>();
  const std::optional<Moment> moment = moment_in(statement, column);
  if (moment) return moment;
  return fail(Errc::config,
              std::string(what).append(
                  " is no time: neither seconds nor milliseconds nor a text as 2026-11-21 08:30"));
}

}  // namespace sqlite_exporter
