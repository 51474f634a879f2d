/// What each state and each error means for whoever runs the application.
#pragma once

#include <optional>
#include <string_view>

#include "collectors/base/result.h"
#include "collectors/database_state.h"
#include "exporter/inspect/advice.h"

namespace sqlite_exporter {

struct StateAdvice {
  DatabaseState state;
  Severity severity;
  std::string_view meaning;
  std::string_view action;
};

/// Null for the states of a healthy database.
const StateAdvice* advice_on(DatabaseState state);

/// What to do about an error of a look; "" if the error says it all.
std::string_view advice_on(Errc code);

}  // namespace sqlite_exporter
