/// What each state and each error means for whoever runs the application.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/result.h"
#include "collectors/database_state.h"
#include "collectors/look.h"
#include "exporter/inspect/advice.h"

namespace sqlite_exporter {

struct StateAdvice {
  DatabaseState state;
  Severity severity;
  std::string_view meaning;
  std::string_view action;
};

/// Null for the states of a healthy database, and for one of which another of `all`, the states
/// that hold, says what there is to do.
const StateAdvice* advice_on(DatabaseState state, StateSet all);

/// What the look at one database adds to that, as a sentence with a space before it, or "".
std::string more_on(DatabaseState state, const Look& look);

/// What to do about an error of a look; "" if the error says it all.
std::string_view advice_on(Errc code);

}  // namespace sqlite_exporter
