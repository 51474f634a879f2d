#include "exporter/inspect/risk_advice.h"

#include <string>

#include "exporter/inspect/facts.h"
#include "exporter/inspect/words.h"

namespace sqlite_exporter {

namespace {

std::string uid_in_words(std::uint32_t uid) { return "uid " + std::to_string(uid); }

void advise_on_sidecar(const ForeignSidecar& sidecar, std::vector<Advice>& list) {
  std::string meaning = "The ";
  meaning.append(sidecar.suffix).append(" belongs to ").append(uid_in_words(sidecar.uid));
  meaning.append(", and nobody else may write it; the database belongs to ");
  meaning.append(uid_in_words(sidecar.database_uid)).append(": as that user every write fails, ");
  meaning.append("with \"attempt to write a readonly database\".");
  std::string action = "Give it to the owner of the database (chown --reference=<database> ";
  action.append("<database>").append(sidecar.suffix).append("). ");
  action.append(sidecar.suffix == "-journal"
                    ? "Never delete it: the database is corrupt without it."
                    : "Delete the -wal and -shm only while the -wal has 0 bytes and nobody has "
                      "the database open: else commits are lost.");
  list.push_back({Severity::attention, "sidecar_owner", std::move(meaning), std::move(action)});
}

/// Page 1 of a live database, copied before its first checkpoint, holds nothing.
bool may_be_copied_without_wal(const Look& look) {
  return look.states.contains(DatabaseState::wal_clean) && !look.wal && look.header &&
         look.header->schema_cookie == 0 && pages_of(look).value_or(2) <= 1;
}

}  // namespace

void advise_on_risks(const Observation& observation, std::vector<Advice>& list) {
  const Look& look = *observation.look;
  if (look.file_mount)
    list.push_back({Severity::attention, "file_mount",
                    "The file is mounted alone, without its folder: whoever opens it that way has "
                    "its -wal, -shm and -journal beside the mount, most likely in a container's "
                    "own layer. They go away with the container, and commits with them.",
                    "Mount the folder instead of the file. Before that stop the application in an "
                    "orderly way: its last close brings the -wal into the database."});
  if (look.foreign_sidecar) advise_on_sidecar(*look.foreign_sidecar, list);
  if (look.mount != nullptr && is_in_memory(*look.mount))
    list.push_back({Severity::note, "memory",
                    std::string("It lies in memory (")
                        .append(printable(look.mount->fstype))
                        .append(" on ")
                        .append(printable(look.host_path(look.mount->mountpoint)))
                        .append("), and is gone when the machine is switched off."),
                    "If it is meant to last, move it to a disk."});
  if (may_be_copied_without_wal(look))
    list.push_back({Severity::note, "copied_without_wal",
                    "It is in WAL mode and has no table and no -wal: a new database, or a copy of "
                    "one in use that was made without its -wal.",
                    "If it is a copy, make it again with sqlite3 .backup or VACUUM INTO."});
}

}  // namespace sqlite_exporter
