/// A time as applications write it: seconds or milliseconds since the epoch, or ISO text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/result.h"
#include "exporter/sql/messages.h"

struct sqlite3_stmt;

namespace sqlite_exporter {

/// In both units, the one that was read without any rounding: what an application copied from a row
/// is not newer than that row.
struct Moment {
  Number seconds;       ///< Unix time
  Number milliseconds;  ///< the same

  double unix_seconds() const;
};

/// From here on a number means milliseconds: as seconds it would be the year 5138.
inline constexpr std::int64_t kFirstMillisecond = 100'000'000'000;
/// The year 2200: what is beyond is microseconds, or digits such as 20261121083000.
inline constexpr std::int64_t kLastMillisecond = 7'258'118'400'000;

/// SQL for the value of `column`, where a text of digits is their number.
std::string number_or_text(std::string_view column);
/// SQL for the milliseconds of an ISO text in `column`; NULL for all else.
std::string milliseconds_of_text(std::string_view column);
/// SQL for the two columns of a result of which `read_moment` takes the first.
std::string moment_columns(std::string_view column);

/// Nothing for NULL. Error: config, if it is no time up to the year 2200; `neither seconds nor
/// ...`.
Result<std::optional<Moment>> read_moment(sqlite3_stmt* statement, int column);

}  // namespace sqlite_exporter
