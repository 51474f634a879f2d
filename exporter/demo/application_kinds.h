/// What each kind of the demo's applications does, as SQL.
#pragma once

#include <string_view>

namespace sqlite_exporter {

struct ApplicationKind {
  std::string_view name;  ///< also of the process, so 15 bytes at most; ends with a NUL
  const char* begin;      ///< brings it into its state; an open transaction stays open
  const char* beat;       ///< repeated until it ends
  /// Instead of a beat while the WAL is as large as a demo may let it become.
  const char* at_limit = "";
  /// A lock that another holds is waited for shortly, and the beat passed over; else it ends.
  bool passes_over_busy = false;
};

/// Null for a name that no kind has.
const ApplicationKind* find_application_kind(std::string_view name);

}  // namespace sqlite_exporter
