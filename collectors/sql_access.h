/// Whether a database may be opened by SQL, as a look found it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "collectors/look.h"

namespace sqlite_exporter {

/// A connection to any but the first two would create files, run a recovery, wait for a hung mount,
/// or read what no lock protects.
enum class SqlAccess : std::uint8_t {
  wal,         ///< an application has it open in WAL mode: readers keep nobody from writing
  rollback,    ///< in rollback mode, where a lock would keep writers waiting
  not_open,    ///< in WAL mode, and no application has it open
  state,       ///< absent, damaged, left by a crash, or with locks that cannot be trusted
  filesystem,  ///< on a network or FUSE mount, or where its locks cannot be seen
  suspected,   ///< the next look will tell whether it is `state`
};

/// What the label `reason` calls all but the first and the last; "rollback" where that is not
/// allowed.
inline constexpr std::array<std::string_view, 6> kSqlAccessNames = {
    "wal", "rollback", "not_open", "state", "filesystem", "suspected"};

SqlAccess sql_access_of(const Look& look);

}  // namespace sqlite_exporter
