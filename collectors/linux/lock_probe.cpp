/// F_GETLK: the kernel compares with a lock that is never taken.
#include "collectors/linux/lock_probe.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

namespace sqlite_exporter {
namespace {

Result<struct flock> probe(const File& file, std::uint64_t offset, std::uint64_t length) {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(offset);
  lock.l_len = static_cast<off_t>(length);
  if (::fcntl(file.descriptor(), F_GETLK, &lock) != 0) {
    return fail(error_from_errno(errno, "probe the locks of",
                                 "descriptor " + std::to_string(file.descriptor())));
  }
  return lock;
}

}  // namespace

Result<std::optional<LockHolder>> lock_on(const File& file, std::uint64_t offset,
                                          std::uint64_t length) {
  const Result<struct flock> lock = probe(file, offset, length);
  if (!lock) return fail(lock.error());
  if (lock->l_type == F_UNLCK) return std::nullopt;
  return LockHolder{lock->l_type == F_WRLCK, lock->l_pid};
}

Result<bool> is_locked(const File& file, std::uint64_t offset, std::uint64_t length) {
  return lock_on(file, offset, length).map([](const auto& holder) { return holder.has_value(); });
}

Result<bool> has_lock_within(const File& file, std::uint64_t offset, std::uint64_t length) {
  const Result<struct flock> lock = probe(file, offset, length);
  if (!lock) return fail(lock.error());
  if (lock->l_type == F_UNLCK || lock->l_start < 0 || lock->l_len <= 0) return false;  // 0: no end
  const auto start = static_cast<std::uint64_t>(lock->l_start);
  return start >= offset && start + static_cast<std::uint64_t>(lock->l_len) <= offset + length;
}

}  // namespace sqlite_exporter
