#include "exporter/rendered_labels.h"

#include <algorithm>
#include <cstddef>

namespace sqlite_exporter {

namespace {

struct Pair {
  std::string_view name;
  std::string_view escaped;
};

/// Takes the first pair off `labels`; nothing at their end.
std::optional<Pair> take_pair(std::string_view& labels) {
  const std::size_t equals = labels.find("=\"");
  if (equals == std::string_view::npos) return std::nullopt;
  std::size_t end = equals + 2;
  while (end < labels.size() && labels[end] != '"') end += labels[end] == '\\' ? 2 : 1;
  end = std::min(end, labels.size());
  const Pair pair{labels.substr(0, equals), labels.substr(equals + 2, end - equals - 2)};
  labels.remove_prefix(std::min(end + 1, labels.size()));
  if (labels.starts_with(',')) labels.remove_prefix(1);
  return pair;
}

std::string unescaped(std::string_view escaped) {
  std::string text;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '\\' || i + 1 == escaped.size()) {
      text.push_back(escaped[i]);
      continue;
    }
    ++i;
    text.push_back(escaped[i] == 'n' ? '\n' : escaped[i]);
  }
  return text;
}

}  // namespace

std::optional<std::string> label_value(std::string_view labels, std::string_view label) {
  while (const std::optional<Pair> pair = take_pair(labels))
    if (pair->name == label) return unescaped(pair->escaped);
  return std::nullopt;
}

std::string without_empty_labels(std::string_view labels) {
  std::string text;
  while (const std::optional<Pair> pair = take_pair(labels)) {
    if (pair->escaped.empty()) continue;
    if (!text.empty()) text.push_back(',');
    text.append(pair->name).append("=\"").append(pair->escaped).append("\"");
  }
  return text;
}

}  // namespace sqlite_exporter
