#include "exporter/runbooks/runbooks.h"

#include <algorithm>
#include <cstddef>

namespace sqlite_exporter {

namespace {

constexpr std::string_view kParagraphEnd = "\n\n";
constexpr std::string_view kValues = "\n\nValues: ";
constexpr std::string_view kMeaning = "## Meaning\n";

/// What lies between `begin` and the next `end`, or "".
std::string_view between(std::string_view text, std::string_view begin, std::string_view end) {
  const std::size_t at = text.find(begin);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + begin.size());
  return text.substr(0, text.find(end));
}

/// `metric` or `metric{label="value"}`.
RunbookValue value_of(std::string_view code) {
  const std::size_t brace = code.find('{');
  if (brace == std::string_view::npos) return {code, {}};
  return {code.substr(0, brace), between(code, "{", "}")};
}

}  // namespace

const Runbook* find_runbook(std::string_view alert) {
  const std::span<const Runbook> all = all_runbooks();
  const auto found = std::ranges::find(all, alert, &Runbook::alert);
  return found == all.end() ? nullptr : &*found;
}

std::string_view summary_of(const Runbook& runbook) {
  return between(runbook.text, kParagraphEnd, kParagraphEnd);
}

std::vector<RunbookValue> values_of(const Runbook& runbook) {
  std::vector<RunbookValue> values;
  std::string_view paragraph = between(runbook.text, kValues, kParagraphEnd);
  for (;;) {
    const std::size_t begin = paragraph.find('`');
    if (begin == std::string_view::npos) return values;
    paragraph.remove_prefix(begin + 1);
    const std::size_t end = std::min(paragraph.find('`'), paragraph.size());
    values.push_back(value_of(paragraph.substr(0, end)));
    paragraph.remove_prefix(std::min(end + 1, paragraph.size()));
  }
}

std::string_view body_of(const Runbook& runbook) {
  const std::size_t at = runbook.text.find(kMeaning);
  return at == std::string_view::npos ? std::string_view() : runbook.text.substr(at);
}

}  // namespace sqlite_exporter
