/// Notices that something else than SQLite wrote into a database that is open in WAL mode.
#pragma once

#include <optional>

#include "collectors/held_locks.h"
#include "collectors/linux/file.h"
#include "collectors/sqlite/database_header.h"
#include "collectors/sqlite/wal_index.h"

namespace sqlite_exporter {

/// In WAL mode checkpoints alone write the database file, and each tells the wal-index before
/// (nBackfillAttempted) and after (nBackfill). A file that changed while both stood still was
/// written to by a copy, a restore, an editor.
class OverwriteWatch {
 public:
  /// One look, in the order in which it was taken.
  struct Moment {
    FileStatus before;  ///< before the wal-index was read
    std::optional<DatabaseHeader> header;
    std::optional<WalIndex> index;  ///< while somebody is attached
    bool checkpointing = false;     ///< the checkpoint lock is held
    FileStatus after;               ///< behind it
  };

  /// Neither the file nor what checkpoints say has changed since the last look: `after` is
  /// `before`.
  bool knows(const Moment& moment) const;

  /// True from the look on that saw it, for as long as somebody keeps this file attached.
  bool observe(const Moment& moment);

 private:
  static bool is_at_rest(const Moment& moment);
  bool no_checkpoint_since(const Moment& moment) const;
  bool was_written_to(const Moment& moment) const;

  std::optional<Moment> last_;
  bool overwritten_ = false;
};

}  // namespace sqlite_exporter
