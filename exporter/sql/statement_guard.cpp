#include "exporter/sql/statement_guard.h"

#include <chrono>
#include <utility>

#include "collectors/linux/file.h"
#include "collectors/linux/lock_probe.h"
#include "collectors/sqlite/lock_bytes.h"
#include "collectors/sqlite/wal_index.h"

namespace sqlite_exporter {

namespace {

/// No event tells of a lock or of a frame. A busy_timeout of nothing is rarer than one below this.
constexpr std::chrono::milliseconds kPeriod(10);

}  // namespace

StatementGuard::StatementGuard(std::string path, SqlAccess access, std::size_t max_pinned_frames)
    : path_(std::move(path)), access_(access), max_pinned_frames_(max_pinned_frames) {}

std::optional<StatementHarm> StatementGuard::watch() {
  return access_ == SqlAccess::rollback ? watch_rollback() : watch_wal();
}

void StatementGuard::end() {
  const std::scoped_lock lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

bool StatementGuard::wait() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPeriod, [this] { return ended_; });
}

std::optional<StatementHarm> StatementGuard::watch_rollback() {
  const Result<File> database = File::open(path_);
  if (!database) return std::nullopt;
  while (!wait()) {
    // Readers hold it, shared, for a moment while they begin; and a writer that has got all it
    // wants waits for nobody.
    const auto pending = lock_on(*database, kPendingLock, 1);
    if (!pending || !*pending || !(*pending)->exclusive) continue;
    const auto shared = lock_on(*database, kSharedLockFirst, kSharedLockLength);
    if (shared && *shared && !(*shared)->exclusive) return StatementHarm::writer_waits;
  }
  return std::nullopt;
}

std::optional<StatementHarm> StatementGuard::watch_wal() {
  const Result<File> shm = File::open(path_ + "-shm");
  if (!shm) return std::nullopt;
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
    if (now->mx_frame > first && now->mx_frame - first > max_pinned_frames_)
      return StatementHarm::pinned_frames;
  } while (!wait());
  return std::nullopt;
}

}  // namespace sqlite_exporter
