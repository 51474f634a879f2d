/// Percentages as the configuration spells them: a number without sign or exponent, and `%`.
#include "exporter/percentage.h"

#include <charconv>

#include "exporter/quoted.h"

namespace sqlite_exporter {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// from_chars alone would take `-1`, `inf` and `1.`, too.
bool is_number(std::string_view text) {
  return !text.empty() && is_digit(text.front()) && is_digit(text.back());
}

}  // namespace

Result<double> parse_percentage(std::string_view text) {
  if (text.ends_with('%') && is_number(text.substr(0, text.size() - 1))) {
    double value = 0;
    const char* const end = text.data() + text.size() - 1;
    const auto [rest, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
    if (error == std::errc() && rest == end) return value / 100;
  }
  return fail(Errc::config, in_quotes(text) + " is not a percentage such as 1% or 0.5%");
}

}  // namespace sqlite_exporter
