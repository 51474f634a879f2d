#include "exporter/sql/statement_guard.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include "collectors/linux/file.h"
#include "collectors/sqlite/wal_index.h"

namespace sqlite_exporter {

namespace {

/// No event tells of a frame.
constexpr std::chrono::milliseconds kPeriod(10);

}  // namespace

StatementGuard::StatementGuard(const std::string& path,
                               std::optional<std::size_t> max_pinned_frames,
                               std::shared_ptr<const WorkerFiles> files, RequiredOwner owner)
    : path_(path),
      owner_(owner),
      max_pinned_frames_(max_pinned_frames),
      files_(path, std::move(files), owner),
      ended_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

bool StatementGuard::watch() {
  if (ended_.get() < 0) return false;  // nothing would end us
  const bool harm = max_pinned_frames_ && watch_wal();
  while (!harm && !wait()) {
  }
  files_.end();
  return harm;
}

void StatementGuard::end() { static_cast<void>(::eventfd_write(ended_.get(), 1)); }

bool StatementGuard::wait() {
  const auto until = std::chrono::steady_clock::now() + kPeriod;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    std::array<pollfd, 2> events{
        {{ended_.get(), POLLIN, 0}, {files_.descriptor(), POLLIN, 0}}};  // -1 is passed over
    const int ready =
        ::poll(events.data(), events.size(), std::max(0, static_cast<int>(left.count())));
    if (ready < 0 && errno != EINTR) return true;
    if (ready <= 0 && left.count() <= 0) return false;
    if (ready <= 0) continue;
    if (events[0].revents != 0) return true;
    files_.answer();
  }
}

bool StatementGuard::watch_wal() {
  const Result<File> shm = File::open(path_ + "-shm", owner_);
  if (!shm) return false;
  std::optional<WalSalts> generation;
  std::uint32_t first = 0;
  do {
    const Result<WalIndex> now = read_wal_index(*shm);
    if (!now) continue;
    if (!generation) {
      generation = now->salts;
      first = now->mx_frame;
    } else if (now->salts != *generation) {
      // A reader of the database file alone lets a WAL be reset, and pins the next one from its
      // first frame on.
      generation = now->salts;
      first = 0;
    }
    if (now->mx_frame > first && now->mx_frame - first > *max_pinned_frames_) return true;
  } while (!wait());
  return false;
}

}  // namespace sqlite_exporter
