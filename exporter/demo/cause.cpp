/// Processes are started, one is killed or a file is renamed: what really happens to databases.
#include "exporter/demo/cause.h"

#include <filesystem>
#include <system_error>

namespace sqlite_exporter {
namespace {

/// A careless restore: a sound database, and a rename that asks nobody.
Result<void> replace(const std::string& path, DemoChildren& children) {
  const std::string restored = path + ".restored";  // no name that is watched
  if (Result<void> made = children.run("wal", restored); !made) return made;
  std::error_code error;
  std::filesystem::rename(restored, path, error);
  if (error) return fail(Errc::io, "cannot replace " + path + ": " + error.message());
  return {};
}

}  // namespace

Result<void> cause(const Incident& incident, DemoChildren& children, const std::string& folder) {
  std::string path = folder;
  path.append("/").append(incident.name).append(".db");
  for (const char* kind : incident.applications) {
    if (kind == nullptr) continue;
    if (const Result<pid_t> pid = children.start(kind, path); !pid) return fail(pid.error());
  }
  switch (incident.deed) {
    case IncidentDeed::none: return {};
    case IncidentDeed::kill_last: children.kill_last(); return {};
    case IncidentDeed::replace_file: return replace(path, children);
  }
  return {};
}

}  // namespace sqlite_exporter
