#include "exporter/sql/worker/stillness.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

#include "collectors/sqlite/lock_bytes.h"

namespace sqlite_exporter {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
/// As the FAT filesystems have it.
constexpr std::int64_t kCoarsest = 2 * kSecond;
/// Of filesystems that count neither nanoseconds nor seconds, and of exFAT.
constexpr std::int64_t kCoarse = kSecond / 100;

constexpr std::size_t kWriteVersion = 18;
constexpr std::size_t kReadVersion = 19;
constexpr std::byte kRollback{1};

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

bool is_same(const timespec& one, const timespec& other) {
  return nanoseconds(one) == nanoseconds(other);
}

bool is_same(const struct stat& one, const struct stat& other) {
  return one.st_size == other.st_size && is_same(one.st_mtim, other.st_mtim) &&
         is_same(one.st_ctim, other.st_ctim);
}

}  // namespace

bool says_rollback_mode(std::span<const std::byte> head) {
  return head.size() > kReadVersion && head[kWriteVersion] == kRollback &&
         head[kReadVersion] == kRollback;
}

bool is_locked_for_writing(int descriptor, off_t offset, off_t length) {
  struct flock lock{};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = offset;
  lock.l_len = length;
  return ::fcntl(descriptor, F_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

bool is_settled(const timespec& changed, const timespec& now, const timespec& tick) {
  std::int64_t granule = nanoseconds(tick);
  if (changed.tv_nsec % 1000 == 0) granule += kCoarse;
  if (changed.tv_nsec == 0) granule += kCoarsest;
  // A clock that was set back is far from a time that it showed before.
  const std::int64_t age = nanoseconds(now) - nanoseconds(changed);
  return age > granule || age < -kSecond * 3600;
}

Stillness::Stillness(int descriptor, WriteEvents* events)
    : descriptor_(descriptor),
      events_(events != nullptr && events->watch(descriptor) ? events : nullptr) {}

bool Stillness::begin() {
  // In this order: what was written before the lock is asked for is read, or the lock is there.
  if (events_ != nullptr) static_cast<void>(events_->any());
  disturbed_ = false;
  if (::fstat(descriptor_, &status_) != 0) return false;
  if (events_ == nullptr) {
    timespec now{};
    timespec tick{};
    if (::clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0 ||
        ::clock_getres(CLOCK_REALTIME_COARSE, &tick) != 0)
      return false;
    if (!is_settled(status_.st_mtim, now, tick) || !is_settled(status_.st_ctim, now, tick))
      return false;
  }
  struct stat unused{};
  return !is_locked() && read(unused, head_);
}

bool Stillness::is_in_rollback_mode() const { return says_rollback_mode(head_); }

bool Stillness::is_disturbed() {
  disturbed_ = disturbed_ || (events_ != nullptr && events_->any());
  return disturbed_;
}

bool Stillness::held() {
  struct stat status{};
  Head head{};
  // Who gives EXCLUSIVE back has written, and the events of that are there.
  return !is_locked() && !is_disturbed() && read(status, head) && is_same(status, status_) &&
         head == head_;
}

bool Stillness::is_locked() const {
  return is_locked_for_writing(descriptor_, static_cast<off_t>(kSharedLockFirst),
                               static_cast<off_t>(kSharedLockLength));
}

bool Stillness::read(struct stat& status, Head& head) const {
  return ::pread(descriptor_, head.data(), head.size(), 0) == static_cast<ssize_t>(head.size()) &&
         ::fstat(descriptor_, &status) == 0;
}

}  // namespace sqlite_exporter
