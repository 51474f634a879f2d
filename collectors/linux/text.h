/// Cuts the kernel's text into lines, fields and numbers, without a copy and without a throw.
#pragma once

#include <charconv>
#include <string_view>
#include <system_error>

namespace sqlite_exporter {

/// Takes what stands before the first `separator` off the front of `rest`, and the separator with
/// it; all of `rest` if there is none.
inline std::string_view take_until(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return taken;
}

/// Takes the next word between blanks off the front; empty if there is none.
inline std::string_view take_field(std::string_view& rest) {
  const std::size_t begin = rest.find_first_not_of(' ');
  rest.remove_prefix(begin == std::string_view::npos ? rest.size() : begin);
  return take_until(rest, ' ');
}

/// False if the field is anything but one number that fits; `value` is then not to be used.
template <class Integer>
bool assign_number(std::string_view field, Integer& value, int base = 10) {
  const char* end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, value, base);
  return error == std::errc() && stop == end;
}

}  // namespace sqlite_exporter
