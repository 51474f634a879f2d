/// A -wal, -shm or -journal of an owner who shuts the application out: it cannot write any more.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "collectors/linux/file.h"

namespace sqlite_exporter {

struct Look;

struct ForeignSidecar {
  std::string_view suffix;  ///< "-wal", "-shm" or "-journal"
  std::uint32_t uid = 0;    ///< its owner, who alone may write it
  std::uint32_t database_uid = 0;
  friend bool operator==(const ForeignSidecar&, const ForeignSidecar&) = default;
};

/// True if the owner of the database, who may write that, may not write `sidecar`. Not said of
/// root, who may write everything, and where the sidecar's group may write: he may be in it, and an
/// access control list that gives him the right shows there as well.
bool shuts_out(const FileStatus& sidecar, const FileStatus& database);

/// Of the files that belong to the database now; not on network and FUSE mounts, whose owners may
/// be made up. Where root's file is in use it may be root who uses it. SQLite as root gives such a
/// file to the owner of the database only after it made it: so two looks must agree.
std::optional<ForeignSidecar> foreign_sidecar(const Look& look);

}  // namespace sqlite_exporter
