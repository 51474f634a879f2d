/// The incidents that `sqlite_exporter demo --incident NAME` can cause, as data.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "collectors/base/result.h"

namespace sqlite_exporter {

/// What the demo itself does once the applications are ready.
enum class IncidentDeed : std::uint8_t {
  none,
  kill_last,     ///< the application that was started last, with SIGKILL
  replace_file,  ///< puts another valid database in the place of the one in use
};

struct Incident {
  std::string_view name;                    ///< its database is NAME.db
  std::string_view sentence;                ///< what happens; without a period
  std::string_view alert;                   ///< also the name of its runbook
  std::array<const char*, 2> applications;  ///< kinds, in the order they start; null: none
  IncidentDeed deed;
};

std::span<const Incident> all_incidents();

/// "forgotten-reader, no-checkpoint, ..."
std::string incident_names();

/// Lives as long as the program. Error: config, a sentence that has the names there are.
Result<const Incident*> find_incident(std::string_view name);

}  // namespace sqlite_exporter
