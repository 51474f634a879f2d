/// What an observation means and what to do about it, and the verdict that follows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/inspect/observation.h"

namespace sqlite_exporter {

enum class Severity : std::uint8_t {
  note,        ///< worth knowing, and no reason to get up
  attention,   ///< somebody should do something
  cannot_say,  ///< there is nothing to judge
};

std::string_view to_string(Severity severity);

struct Advice {
  Severity severity = Severity::note;
  std::string subject;  ///< a state, a cause, a reason or a limit: one snake_case word
  std::string meaning;  ///< one sentence or two, safe to show
  std::string action;   ///< the same; may be empty
};

/// The most pressing first, as far as can be told.
std::vector<Advice> advice_for(const Observation& observation);

enum class Verdict : std::uint8_t { healthy, attention, cannot_say };

std::string_view to_string(Verdict verdict);

Verdict verdict_of(std::span<const Advice> advice);
/// Attention wins: what is known to be wrong is not hidden by what is unknown, nor that by health.
Verdict worse(Verdict one, Verdict other);
/// 0, 1, 2.
int exit_code(Verdict verdict);

}  // namespace sqlite_exporter
