/// The states that an observer tells, as a set of their names.
#pragma once

#include <set>
#include <string>

#include "collectors/database_state.h"
#include "tests/support/observer.h"

namespace sqlite_exporter::test {

using States = std::set<std::string>;

inline States names_of(StateSet states) {
  States names;
  for (std::size_t i = 0; i < kDatabaseStateNames.size(); ++i)
    if (states.contains(static_cast<DatabaseState>(i)))
      names.insert(std::string(kDatabaseStateNames[i]));
  return names;
}

/// What two looks agree on, each with a sample before it.
inline States states(Observer& observer) {
  observer.sample();
  observer.look();
  observer.sample();
  return names_of(observer.look().states);
}

}  // namespace sqlite_exporter::test
