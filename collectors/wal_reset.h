/// Whether the WAL-reset bug of SQLite can happen to a database, and by whose version that is said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "collectors/node.h"
#include "collectors/owner.h"
#include "collectors/sqlite/database_header.h"

namespace sqlite_exporter {

/// What the SQLite of the processes that have it open says.
struct HolderVersions {
  bool complete = false;                  ///< of all of them it is known
  bool pending = false;                   ///< of some it is about to be
  std::optional<std::uint32_t> affected;  ///< one that has the bug, as SQLITE_VERSION_NUMBER
};

struct WalResetBug {
  std::uint32_t version = 0;  ///< one that has it
  bool of_holder = false;     ///< a process runs it now; else it wrote page 1 last
  friend bool operator==(const WalResetBug&, const WalResetBug&) = default;
};

/// How many processes hold the dead man's switch: in WAL mode, all that have it open.
std::size_t attached_processes(const Holders& holders);

/// Asks `node.libraries`, which knows each program after the first time. A process that has several
/// versions counts if they agree on the bug.
HolderVersions versions_of_holders(const Holders& holders, const Node& node);

/// Nothing is said of a database that Turso wrote: it is other code, and stamps versions of its
/// own.
std::optional<WalResetBug> wal_reset_bug_of(const std::optional<DatabaseHeader>& header);

/// One database, from look to look.
///
/// Versions of holders decide where they are known: one with the bug proves it, and none with it,
/// of all, disproves it. Else the writer of page 1 decides; but while a process is about to be
/// asked, and for one look at which the list of processes is not complete, it stays as it was: they
/// come and go.
class WalResetWatch {
 public:
  std::optional<WalResetBug> judge(const HolderVersions& holders,
                                   const std::optional<DatabaseHeader>& header);

 private:
  std::optional<WalResetBug> last_;
  bool by_holders_ = false;  ///< so it was at the last look
};

}  // namespace sqlite_exporter
