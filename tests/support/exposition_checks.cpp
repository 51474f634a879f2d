/// The reader of the text format behind the checks.
#include "tests/support/exposition_checks.h"

#include <algorithm>
#include <cstdlib>
#include <set>

namespace sqlite_exporter::test {
namespace {

std::vector<std::string_view> lines_of(std::string_view page) {
  std::vector<std::string_view> lines;
  while (!page.empty()) {
    const std::size_t end = page.find('\n');
    lines.push_back(page.substr(0, end));
    page.remove_prefix(end == std::string_view::npos ? page.size() : end + 1);
  }
  return lines;
}

bool is_comment(std::string_view line) {
  return line.starts_with("# HELP ") || line.starts_with("# TYPE ");
}

bool consume(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// A name; "" if there is none.
std::string take_word(std::string_view& text) {
  if (!text.empty() && text.front() >= '0' && text.front() <= '9') return "";
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':';
  };
  const auto end = std::ranges::find_if_not(text, is_word);
  std::string word(text.begin(), end);
  text.remove_prefix(word.size());
  return word;
}

/// Up to the closing quote, which is consumed.
std::optional<std::string> take_quoted(std::string_view& text) {
  std::string value;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return value;
    if (c != '\\') {
      value += c;
      continue;
    }
    if (text.empty()) return std::nullopt;
    if (text.front() != 'n' && text.front() != '\\' && text.front() != '"') return std::nullopt;
    value += text.front() == 'n' ? '\n' : text.front();
    text.remove_prefix(1);
  }
  return std::nullopt;
}

bool take_labels(std::string_view& text, PageSample& sample) {
  if (!consume(text, '{')) return true;
  do {
    std::string name = take_word(text);
    if (name.empty() || !consume(text, '=') || !consume(text, '"')) return false;
    std::optional<std::string> value = take_quoted(text);
    if (!value) return false;
    sample.labels.emplace_back(std::move(name), std::move(*value));
  } while (consume(text, ','));
  std::ranges::sort(sample.labels);
  return consume(text, '}');
}

/// "# TYPE name type" -> name, type.
std::pair<std::string, std::string> read_type(std::string_view line) {
  line.remove_prefix(std::string_view("# TYPE ").size());
  const std::size_t space = line.find(' ');
  return {std::string(line.substr(0, space)), std::string(line.substr(space + 1))};
}

bool belongs_to(const std::string& sample, const std::string& family, const std::string& type) {
  if (type != "histogram") return sample == family;
  return sample == family + "_bucket" || sample == family + "_sum" || sample == family + "_count";
}

}  // namespace

std::optional<PageSample> read_sample(std::string_view line) {
  PageSample sample;
  sample.name = take_word(line);
  if (sample.name.empty() || !take_labels(line, sample) || !consume(line, ' ')) return std::nullopt;
  const std::string number(line);
  char* end = nullptr;
  sample.value = std::strtod(number.c_str(), &end);
  if (number.empty() || *end != '\0') return std::nullopt;
  return sample;
}

std::vector<PageSample> read_samples(std::string_view page) {
  std::vector<PageSample> samples;
  for (const std::string_view line : lines_of(page))
    if (!is_comment(line))
      if (auto sample = read_sample(line)) samples.push_back(std::move(*sample));
  return samples;
}

std::vector<std::string> unreadable_lines(std::string_view page) {
  std::vector<std::string> faults;
  for (const std::string_view line : lines_of(page))
    if (!is_comment(line) && !read_sample(line)) faults.emplace_back(line);
  return faults;
}

std::vector<std::string> duplicate_samples(std::string_view page) {
  std::vector<std::string> faults;
  std::set<PageSample> seen;
  for (const std::string_view line : lines_of(page)) {
    if (is_comment(line)) continue;
    const auto sample = read_sample(line);
    if (sample && !seen.insert(*sample).second) faults.emplace_back(line);
  }
  return faults;
}

std::vector<std::string> misplaced_families(std::string_view page) {
  std::vector<std::string> faults;
  std::string family;
  std::string type;
  for (const std::string_view line : lines_of(page)) {
    if (line.starts_with("# TYPE ")) {
      auto [next, next_type] = read_type(line);
      if (next <= family) faults.push_back(next);
      family = std::move(next);
      type = std::move(next_type);
    } else if (!is_comment(line)) {
      const auto sample = read_sample(line);
      if (sample && !belongs_to(sample->name, family, type)) faults.push_back(sample->name);
    }
  }
  return faults;
}

}  // namespace sqlite_exporter::test
