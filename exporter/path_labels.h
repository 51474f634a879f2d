/// Labels out of a database's path: what the named groups of `labels_from_path` match.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/base/result.h"

namespace re2 {
class RE2;
}

namespace sqlite_exporter {

/// A compiled expression; copies share it, threads may.
class PathLabels {
 public:
  /// Error: config, the words of RE2, also for an expression that would need too much memory.
  static Result<PathLabels> compile(const std::string& pattern);

  /// Of the named groups, in the order of the expression; a name may be there twice, as in
  /// `a(?P<x>.)|b(?P<x>.)`. Perhaps none.
  std::vector<std::string> names() const;

  /// The groups that match some text, of equal names the first; none if the expression matches
  /// nowhere in the path. The time is linear in the path, whatever the expression.
  std::vector<std::pair<std::string, std::string>> labels_of(std::string_view path) const;

  bool operator==(const PathLabels& other) const;

 private:
  explicit PathLabels(std::shared_ptr<const re2::RE2> expression);

  std::shared_ptr<const re2::RE2> expression_;
  std::vector<std::pair<int, std::string>> groups_;  ///< number, name
};

}  // namespace sqlite_exporter
