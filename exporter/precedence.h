/// Which databases come first where `max_databases` leaves room for some only.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exporter/discovery.h"
#include "exporter/subject.h"

namespace sqlite_exporter {

/// The smaller, the earlier: named by its path in the configuration, in use, watched before, and
/// then what has only signs of use, or none.
enum class Precedence : std::uint8_t { named, in_use, watched, companions, written, idle };

/// Of a database that was found and is not watched; `now` in unix seconds.
Precedence precedence_of(const Found& found, bool named, double now);
/// Of one that is watched.
Precedence precedence_of(const Subject& subject, bool named, double now);

/// Those that are watched, the last of them first: who has to make room.
class Displacement {
 public:
  using Subjects = std::map<std::string, std::shared_ptr<Subject>>;
  using IsNamed = std::function<bool(std::size_t entry)>;

  Displacement(const Subjects& subjects, const IsNamed& is_named, double now);

  /// The name of the last one that comes after `newcomer`, or of all; null if there is none. It is
  /// not named again.
  const std::string* next_after(std::optional<Precedence> newcomer);

 private:
  std::vector<std::pair<Precedence, std::string>> last_;  ///< sorted; taken from the end
  std::string taken_;
};

/// Those for which there was no room.
struct LeftOut {
  std::size_t count = 0;
  std::size_t in_use = 0;
  std::vector<std::string> first;  ///< paths of a few of them, those in use first
};

}  // namespace sqlite_exporter
