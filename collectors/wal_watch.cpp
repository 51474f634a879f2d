#include "collectors/wal_watch.h"

#include <optional>
#include <utility>

#include "collectors/linux/lock_probe.h"
#include "collectors/sqlite/lock_bytes.h"
#include "collectors/sqlite/wal_tail.h"

namespace sqlite_exporter {

namespace {

/// A replaced database is noticed within a second at 10 Hz; its stat would double a sample's cost.
constexpr std::uint32_t kTakesBetweenPathChecks = 10;

/// An application that is replaced again and again must not take our descriptors with it.
constexpr std::size_t kMostSetAside = 4;

Result<bool> is_locked(const File& file, std::uint64_t offset, std::uint64_t length) {
  return lock_on(file, offset, length).map([](const auto& holder) { return holder.has_value(); });
}

Result<FileIdentity> identity_of(const File& file) {
  return file.status().map([](const FileStatus& status) { return status.identity; });
}

bool in_use(const HeldFiles& files) {
  return is_locked(files.shm, kDeadMansSwitch, 1).value_or(false) ||
         is_locked(files.database, kSharedLockFirst, kSharedLockLength).value_or(false);
}

}  // namespace

WalWatch::WalWatch(std::string database) : database_(std::move(database)) {}

void WalWatch::set_path(std::string database) {
  if (database == database_) return;
  set_aside();
  counters_.rebase();
  database_ = std::move(database);
}

Result<void> WalWatch::take(double now) {
  release_set_aside();
  if (latest_.held && !held_is_current()) {
    observe_last_words(now);
    set_aside();
  }

  std::optional<File> opened;
  if (!latest_.held) {
    latest_.attached = false;
    Result<std::optional<File>> shm_at_path = open_if_there(database_ + "-shm");
    if (!shm_at_path) return fail(shm_at_path.error());
    opened = std::move(*shm_at_path);
    if (!opened) {
      counters_.observe_absence();
      return {};
    }
  }
  const std::shared_ptr<const HeldFiles> held = latest_.held;
  const File& shm = held ? held->shm : *opened;
  // An open file stays the same file: the fstat of held_is_current is the only one of a sample.
  const Result<FileIdentity> identity = held ? held->shm_identity : identity_of(*opened);
  if (!identity) return fail(identity.error());
  // Readings first, the switch second: it is not believed for longer than they are.
  const Result<WalIndex> index = read_wal_index(shm);
  const Result<bool> attached = is_locked(shm, kDeadMansSwitch, 1);
  if (!attached) return fail(attached.error());
  latest_.attached = *attached;
  if (!*attached) latest_.held.reset();

  if (index) {
    observe(
        {*identity, *attached, *index}, now,
        [this](const OldGeneration& old, const WalIndex& newer) { return scan_tail(old, newer); });
  } else if (*attached && index.error().code != Errc::no_data) {
    return fail(index.error());  // without anybody attached a torn one is what a crash left
  }
  if (*attached && !held) return hold(std::move(*opened), *identity);
  return {};
}

void WalWatch::observe(const WalMoment& moment, double now,
                       const WalCounters::TailScan& scan_tail) {
  const std::uint64_t before = counters_.totals().transactions;
  counters_.observe(moment, scan_tail);
  latest_.totals = counters_.totals();
  if (latest_.totals.transactions != before) latest_.last_commit = now;
}

void WalWatch::observe_last_words(double now) {
  // The -wal went with it, so there is no tail to scan.
  const auto no_tail = [](const OldGeneration& old, const WalIndex&) { return old.mx_frame; };
  if (const Result<WalIndex> index = read_wal_index(latest_.held->shm))
    observe({latest_.held->shm_identity, true, *index}, now, no_tail);
}

Result<void> WalWatch::hold(File shm, const FileIdentity& shm_identity) {
  Result<std::optional<File>> database = open_if_there(database_);
  if (!database) return fail(database.error());
  if (!*database) return {};  // unlinked under a live application
  const Result<FileStatus> status = (*database)->status();
  if (!status) return fail(status.error());
  latest_.held = std::make_shared<const HeldFiles>(
      HeldFiles{std::move(**database), status->identity, std::move(shm), shm_identity});
  takes_since_path_check_ = 0;
  return {};
}

bool WalWatch::held_is_current() {
  const Result<FileStatus> shm = latest_.held->shm.status();
  if (!shm || shm->link_count == 0) return false;
  if (++takes_since_path_check_ < kTakesBetweenPathChecks) return true;
  takes_since_path_check_ = 0;
  const Result<FileStatus> database = status_of(database_);
  return database && database->identity == latest_.held->database_identity;
}

std::uint32_t WalWatch::scan_tail(const OldGeneration& old, const WalIndex& now) const {
  // The page size is that of both generations: VACUUM cannot change it in WAL mode.
  const Result<File> wal = File::open(database_ + "-wal");
  if (!wal) return old.mx_frame;
  const Result<FileStatus> status = wal->status();
  if (!status) return old.mx_frame;
  return last_committed_frame_of(*wal, status->size, now.page_size, old, now.salts, now.mx_frame)
      .value_or(old.mx_frame);
}

void WalWatch::set_aside() {
  if (!latest_.held) return;
  if (set_aside_.size() < kMostSetAside && in_use(*latest_.held))
    set_aside_.push_back(std::move(latest_.held));
  latest_.held.reset();
}

void WalWatch::release_set_aside() {
  std::erase_if(set_aside_, [](const auto& files) { return !in_use(*files); });
}

}  // namespace sqlite_exporter
