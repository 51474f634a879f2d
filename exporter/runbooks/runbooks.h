/// The runbooks of docs/runbooks as they were when the program was built: a node that is cut off
/// has them too.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace sqlite_exporter {

struct Runbook {
  std::string_view alert;
  std::string_view text;  ///< Markdown
};

/// In the order of their names.
std::span<const Runbook> all_runbooks();

/// Null if there is no alert of that name.
const Runbook* find_runbook(std::string_view alert);

/// The sentence below its title; it may have line breaks.
std::string_view summary_of(const Runbook& runbook);

/// A metric, or some of its series, that a runbook says to look at.
struct RunbookValue {
  std::string_view metric;
  std::string_view label;  ///< as it is rendered: `state="orphaned"`; "" for all series

  bool operator==(const RunbookValue&) const = default;
};

/// In the order in which the runbook names them; the first is what the alert is about.
std::vector<RunbookValue> values_of(const Runbook& runbook);

/// From "## Meaning" on.
std::string_view body_of(const Runbook& runbook);

}  // namespace sqlite_exporter
