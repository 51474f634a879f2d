/// Escaping for the Prometheus text format.
#include "collectors/label_text.h"

#include <algorithm>

#include "collectors/base/utf8.h"

namespace sqlite_exporter {
namespace {

/// `special` is what stands behind a backslash; a newline among it is written as `\n`.
void append_escaped(std::string& text, std::string_view value, std::string_view special) {
  while (!value.empty()) {
    const std::size_t length = utf8_length(value);
    if (length == 0) {
      text += kReplacementCharacter;
      value.remove_prefix(1);
      continue;
    }
    if (special.find(value.front()) != std::string_view::npos) {
      text += '\\';
      text += value.front() == '\n' ? 'n' : value.front();
    } else {
      text.append(value, 0, length);
    }
    value.remove_prefix(length);
  }
}

// Not <cctype>: its answers depend on the locale.
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

void append_label(std::string& text, std::string_view name, std::string_view value) {
  text += name;
  text += "=\"";
  append_escaped(text, value, "\\\"\n");
  text += '"';
}

void append_help(std::string& text, std::string_view help) { append_escaped(text, help, "\\\n"); }

bool valid_label_name(std::string_view name) {
  if (name.empty() || name.starts_with("__")) return false;
  if (name.front() >= '0' && name.front() <= '9') return false;
  return std::ranges::all_of(name, is_word);
}

}  // namespace sqlite_exporter
