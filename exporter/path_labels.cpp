#include "exporter/path_labels.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <map>

namespace sqlite_exporter {
namespace {

/// For the program and its caches; what is too large to compile within it is refused.
constexpr std::int64_t kMaxMemory = 1 << 20;

}  // namespace

Result<PathLabels> PathLabels::compile(const std::string& pattern) {
  RE2::Options options;
  options.set_max_mem(kMaxMemory);
  options.set_log_errors(false);  // it would write to stderr, past our log
  auto expression = std::make_shared<const RE2>(pattern, options);
  if (!expression->ok()) return fail(Errc::config, expression->error());
  return PathLabels(std::move(expression));
}

PathLabels::PathLabels(std::shared_ptr<const re2::RE2> expression)
    : expression_(std::move(expression)) {
  const std::map<int, std::string>& names = expression_->CapturingGroupNames();
  groups_.assign(names.begin(), names.end());
}

std::vector<std::string> PathLabels::names() const {
  std::vector<std::string> names;
  names.reserve(groups_.size());
  for (const auto& [number, name] : groups_) names.push_back(name);
  return names;
}

std::vector<std::pair<std::string, std::string>> PathLabels::labels_of(
    std::string_view path) const {
  std::vector<std::pair<std::string, std::string>> labels;
  if (groups_.empty()) return labels;
  std::vector<re2::StringPiece> parts(static_cast<std::size_t>(groups_.back().first) + 1);
  const re2::StringPiece text(path.data(), path.size());
  if (!expression_->Match(text, 0, text.size(), RE2::UNANCHORED, parts.data(),
                          static_cast<int>(parts.size())))
    return labels;
  for (const auto& [number, name] : groups_) {
    const re2::StringPiece& part = parts[static_cast<std::size_t>(number)];
    const auto has_that_name = [&name](const auto& label) { return label.first == name; };
    if (!part.empty() && std::ranges::none_of(labels, has_that_name))
      labels.emplace_back(name, std::string(part.data(), part.size()));
  }
  return labels;
}

bool PathLabels::operator==(const PathLabels& other) const {
  return expression_->pattern() == other.expression_->pattern();
}

}  // namespace sqlite_exporter
