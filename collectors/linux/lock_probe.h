/// Asks the kernel who holds a byte range, without taking a lock (F_GETLK works on O_RDONLY).
#pragma once

#include <cstdint>
#include <optional>

#include "collectors/base/result.h"
#include "collectors/linux/file.h"

namespace sqlite_exporter {

struct LockHolder {
  bool exclusive = false;
  int pid = 0;  ///< 0: in another pid namespace; -1: an open-file-description lock. Still a lock.
};

/// The first lock that would conflict with a write lock on [offset, offset + length), if any. Costs
/// about 0.3 us. Locks of this process are invisible to it; it takes none.
Result<std::optional<LockHolder>> lock_on(const File& file, std::uint64_t offset,
                                          std::uint64_t length);

/// True if somebody holds a lock that `lock_on` would name.
Result<bool> is_locked(const File& file, std::uint64_t offset, std::uint64_t length);

/// The same, but true only if that lock lies within the range: not of who locked the whole file.
Result<bool> has_lock_within(const File& file, std::uint64_t offset, std::uint64_t length);

}  // namespace sqlite_exporter
