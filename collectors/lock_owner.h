/// The process behind a lock that F_GETLK gives to an open file description.
#pragma once

#include "collectors/look.h"
#include "collectors/owner.h"

namespace sqlite_exporter {

/// Who holds `lock`, a lock that one connection has for itself alone, at this look; null where that
/// is not known. An open file description has no pid: whose it is says the reading of /proc/locks,
/// if the hold is one of before.
const HolderProcess* owner_of(const Look& look, Lock lock, const LockHolder& holder);

}  // namespace sqlite_exporter
