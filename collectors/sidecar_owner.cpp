#include "collectors/sidecar_owner.h"

#include <sys/stat.h>

#include "collectors/look.h"

namespace sqlite_exporter {

bool shuts_out(const FileStatus& sidecar, const FileStatus& database) {
  if (database.uid == 0 || sidecar.uid == database.uid) return false;
  return (database.mode & S_IWUSR) != 0 && (sidecar.mode & (S_IWGRP | S_IWOTH)) == 0;
}

std::optional<ForeignSidecar> foreign_sidecar(const Look& look) {
  if (!look.database || look.mount == nullptr || look.mount->remote) return std::nullopt;
  const bool in_use = look.attached || look.database_locks.any();
  std::optional<ForeignSidecar> found;
  const auto consider = [&](std::string_view suffix, const std::optional<FileStatus>& sidecar) {
    if (found || !sidecar || !shuts_out(*sidecar, *look.database)) return;
    if (sidecar->uid == 0 && in_use) return;
    found = ForeignSidecar{suffix, sidecar->uid, look.database->uid};
  };
  const bool wal = look.main_header && look.main_header->journal_mode == JournalMode::wal;
  if (wal || look.attached) {
    consider("-wal", look.wal);
    consider("-shm", look.shm_file);
  }
  consider("-journal", look.hot_journal);
  return found;
}

}  // namespace sqlite_exporter
