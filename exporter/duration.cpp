/// Durations as the configuration and the flags spell them: a whole number and one unit.
#include "exporter/duration.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

#include "exporter/quoted.h"

namespace sqlite_exporter {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};

constexpr std::array<Unit, 4> kUnits = {{{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [unit_begin, error] = std::from_chars(text.data(), end, count);
  if (error == std::errc() && count >= 0) {
    const std::string_view name(unit_begin, static_cast<std::size_t>(end - unit_begin));
    for (const Unit& unit : kUnits)
      if (unit.name == name &&
          count <= std::numeric_limits<std::int64_t>::max() / unit.milliseconds)
        return std::chrono::milliseconds(count * unit.milliseconds);
  }
  return fail(Errc::config, in_quotes(text) + " is not a duration such as 500ms, 5s, 1m or 1h");
}

std::string format_duration(std::chrono::milliseconds duration) {
  const std::int64_t count = duration.count();
  if (count == 0) return "0s";
  for (const Unit& unit : kUnits)
    if (count % unit.milliseconds == 0)
      return std::to_string(count / unit.milliseconds).append(unit.name);
  return std::to_string(count).append("ms");
}

}  // namespace sqlite_exporter
