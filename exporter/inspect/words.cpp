#include "exporter/inspect/words.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <ctime>

#include "collectors/base/utf8.h"

namespace sqlite_exporter {

namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kIndent = 15;

std::string two(std::uint64_t first, std::string_view first_unit, std::uint64_t second,
                std::string_view second_unit) {
  std::string text = std::to_string(first);
  text.append(first_unit);
  if (second > 0) text.append(" ").append(std::to_string(second)).append(second_unit);
  return text;
}

/// C0, DEL and C1, which UTF-8 writes as C2 80 to C2 9F.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return character.size() == 2 && first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

void append_escaped(std::string& text, std::string_view character) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : character) {
    const auto byte = static_cast<unsigned char>(c);
    text.append("\\x").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 15U]);
  }
}

std::size_t columns_of(std::string_view text) {
  const auto begins_character = [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
  };
  return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

}  // namespace

std::string size_in_words(std::uint64_t bytes) {
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text.data();
}

std::string time_in_words(double seconds) {
  seconds = std::isfinite(seconds) ? std::clamp(seconds, 0.0, 1e11) : 0;
  if (seconds < 1) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%.1f s", std::floor(seconds * 10) / 10);
    return text.data();
  }
  const auto whole = static_cast<std::uint64_t>(seconds);
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return two(whole / 60, " min", whole % 60, " s");
  if (whole < 86400) return two(whole / 3600, " h", whole % 3600 / 60, " min");
  return two(whole / 86400, " d", whole % 86400 / 3600, " h");
}

std::string moment_in_words(double unix_time) {
  const auto seconds = static_cast<std::time_t>(std::clamp(unix_time, 0.0, 2.5e11));
  std::tm parts{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return "";
  std::array<char, 40> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text.data();
}

std::string sqlite_version_in_words(std::uint32_t number) {
  if (number == 0) return "";
  return std::to_string(number / 1'000'000)
      .append(".")
      .append(std::to_string(number / 1'000 % 1'000))
      .append(".")
      .append(std::to_string(number % 1'000));
}

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0) {
      result.append(kReplacementCharacter);
    } else if (is_control(character)) {
      append_escaped(result, character);
    } else {
      result.append(character);
    }
    text.remove_prefix(character.size());
  }
  return result;
}

std::string labelled_paragraph(std::string_view label, std::string_view text) {
  std::string result = "  ";
  result.append(label);
  if (result.size() < kIndent) result.resize(kIndent, ' ');
  std::size_t column = result.size();
  bool first = true;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const std::size_t width = columns_of(word);
    if (!first && column + 1 + width > kColumns) {
      result.append("\n").append(kIndent, ' ');
      column = kIndent;
      first = true;
    }
    if (!first) result += ' ';
    column += width + (first ? 0 : 1);
    first = false;
    result.append(word);
  }
  return result.append("\n");
}

}  // namespace sqlite_exporter
