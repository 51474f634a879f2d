#include "collectors/sql_access.h"

namespace sqlite_exporter {

SqlAccess sql_access_of(const Look& look) {
  if (look.mount == nullptr || look.mount->remote || look.locks_hidden)
    return SqlAccess::filesystem;
  StateSet sound;
  for (const DatabaseState state : {DatabaseState::wal_live, DatabaseState::wal_clean,
                                    DatabaseState::rollback_idle, DatabaseState::rollback_active})
    sound.add(state);
  if ((look.states & sound) != look.states) return SqlAccess::state;
  if (!look.suspected.empty()) return SqlAccess::suspected;
  if (look.attached) {
    // Without a wal-index and a WAL it is being opened or closed.
    const bool whole = look.index && look.wal;
    return whole && !look.database_locks.exclusive() ? SqlAccess::wal : SqlAccess::not_open;
  }
  if (look.states.contains(DatabaseState::wal_clean)) return SqlAccess::not_open;
  const bool rollback = look.states.contains(DatabaseState::rollback_idle) ||
                        look.states.contains(DatabaseState::rollback_active);
  return rollback ? SqlAccess::rollback : SqlAccess::state;
}

}  // namespace sqlite_exporter
