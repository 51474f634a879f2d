/// Text of the user's inside a sentence of ours: in quotes, and always on one line.
#include "exporter/quoted.h"

#include <algorithm>

namespace sqlite_exporter {
namespace {

constexpr std::size_t kMaxShown = 200;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

std::string in_quotes(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string result = "\"";
  char before = '\0';
  for (const char c : text.substr(0, kMaxShown)) {
    const auto byte = static_cast<unsigned char>(c);
    // C1, which UTF-8 writes as C2 80 to C2 9F: a terminal obeys it too.
    const bool is_c1 = byte >= 0x80 && byte < 0xA0 && before == '\xC2';
    before = c;
    if (is_control(c) || is_c1) {
      result.append("\\x").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 15U]);
    } else {
      if (c == '"' || c == '\\') result += '\\';
      result += c;
    }
  }
  return result.append(text.size() > kMaxShown ? "...\"" : "\"");
}

bool has_control_character(std::string_view text) { return std::ranges::any_of(text, is_control); }

}  // namespace sqlite_exporter
