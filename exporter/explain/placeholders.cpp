#include "exporter/explain/placeholders.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace sqlite_exporter {

namespace {

constexpr std::array<std::string_view, 8> kWords = {"CONFIG", "DATABASE", "MOUNTPOINT", "NAMESPACE",
                                                    "PID",    "POD",      "RESCUE",     "UNIT"};

bool is_letter_or_digit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

bool is_plain_word(std::string_view value) {
  // `~` is in the paths of CSI volumes (kubernetes.io~csi); a shell expands it only at the front,
  // or behind `=` and `:`. A leading dash would be taken for an option.
  constexpr std::string_view kPlain = "/._-@%+,~";
  return !value.empty() && value.front() != '-' && value.front() != '~' &&
         std::ranges::all_of(value, [&](char c) {
           return is_letter_or_digit(c) || kPlain.find(c) != std::string_view::npos;
         });
}

FilledText fill(std::string_view text, const Placeholders& placeholders) {
  FilledText filled;
  std::size_t at = 0;
  while (at < text.size()) {
    if (!is_letter_or_digit(text[at])) {
      filled.text.push_back(text[at++]);
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_letter_or_digit(text[end])) ++end;
    const std::string_view word = text.substr(at, end - at);
    at = end;
    if (std::ranges::find(kWords, word) == kWords.end()) {
      filled.text.append(word);
      continue;
    }
    const auto known = placeholders.find(word);
    if (known != placeholders.end() && is_plain_word(known->second)) {
      filled.text.append(known->second);
      continue;
    }
    filled.text.append(word);
    if (std::ranges::find(filled.left, word) == filled.left.end()) filled.left.emplace_back(word);
  }
  return filled;
}

}  // namespace sqlite_exporter
