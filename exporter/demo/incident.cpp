/// One line an incident: who takes part, and what the demo does to them.
#include "exporter/demo/incident.h"

#include <algorithm>

#include "exporter/quoted.h"

namespace sqlite_exporter {
namespace {

constexpr std::array kIncidents = {
    Incident{"forgotten-reader",
             "a reader keeps its transaction open, and the WAL grows behind it",
             "SqliteForgottenReader",
             {"busy-writer", "pinned-reader"},
             IncidentDeed::none},
    Incident{"no-checkpoint",
             "an application has switched checkpoints off, and nobody empties the WAL",
             "SqliteCheckpointStarved",
             {"no-checkpoint", nullptr},
             IncidentDeed::none},
    Incident{"killed-writer",
             "a writer was killed in the middle of a transaction, and nobody has come to roll back",
             "SqliteCrashLeftover",
             {"killed-writer", nullptr},
             IncidentDeed::kill_last},
    Incident{"replaced-file",
             "the file was replaced under an application, which goes on writing into the old one",
             "SqliteDatabaseReplaced",
             {"wal", nullptr},
             IncidentDeed::replace_file},
    Incident{"stuck-writer",
             "a write transaction does not end, and another application cannot write",
             "SqliteWriteLockSaturated",
             {"waiting-writer", "stuck-writer"},
             IncidentDeed::none},
};

}  // namespace

std::span<const Incident> all_incidents() { return kIncidents; }

std::string incident_names() {
  std::string names;
  for (const Incident& incident : kIncidents)
    names.append(names.empty() ? "" : ", ").append(incident.name);
  return names;
}

Result<const Incident*> find_incident(std::string_view name) {
  const auto* const found = std::ranges::find(kIncidents, name, &Incident::name);
  if (found != kIncidents.end()) return found;
  std::string sentence = "there is no incident ";
  sentence.append(in_quotes(name)).append("; there are ").append(incident_names());
  return fail(Errc::config, std::move(sentence));
}

}  // namespace sqlite_exporter
