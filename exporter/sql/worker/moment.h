/// A time as applications write it: seconds or milliseconds since the epoch, or ISO text.
#pragma once

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
inline constexpr std::string_view kFirstMillisecond = "100000000000";

/// SQL that is true where the text of `expression` begins with a date as in 2026-11-21.
std::string is_date(std::string_view expression);
/// SQL for the milliseconds of such a text; NULL if it is none after all.
std::string milliseconds_of(std::string_view expression);

/// Of a row with a time in `column` and behind it `milliseconds_of` that, or NULL if it is no text.
/// Nothing for NULL. Error: config, `what` is no time up to the year 9999.
Result<std::optional<Moment>> read_moment(sqlite3_stmt* statement, int column,
                                          std::string_view what);

}  // namespace sqlite_exporter
