#include "collectors/risk_look.h"

#include <utility>

#include "collectors/file_mount.h"
#include "collectors/sidecar_owner.h"

namespace sqlite_exporter {

void look_at_risks(Look& look, const Node& node, LookState& state) {
  // In WAL mode, open, and no wal-index in use beside it: as while it is opened, for a moment.
  const bool astray = !look.attached && look.main_header && look.database_locks.shared &&
                      look.main_header->journal_mode == JournalMode::wal;
  const bool before = std::exchange(state.file_mount.suspected, astray);
  look.file_mount =
      (look.mount != nullptr && look.mount->mountpoint == look.path &&
       is_mounted_alone(look.path, node.mounts)) ||
      (astray && before && opened_mounted_alone(look.path, look.holders, node, state.file_mount));
  const auto sidecar = foreign_sidecar(look);
  if (sidecar == std::exchange(state.foreign_sidecar, sidecar)) look.foreign_sidecar = sidecar;
}

}  // namespace sqlite_exporter
