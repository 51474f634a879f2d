#include "collectors/readers.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <vector>

#include "collectors/blocked.h"

namespace sqlite_exporter {

namespace {

constexpr Metric kReaders =
    gauge("sqlite_readers",
          "Read marks held now (READ0 to READ4), each by at least one reader; in rollback mode 1 "
          "while SHARED is held.");
constexpr Metric kPinnedFrames =
    gauge("sqlite_wal_pinned_frames",
          "Frames that no checkpoint can move now, because readers need what they replace (mxFrame "
          "less the smallest locked aReadMark, with READ0 locked less nBackfill).");
constexpr Metric kOldestAge =
    gauge("sqlite_oldest_reader_age_seconds",
          "At least so long the oldest reader has held a snapshot older than the last commit.");
constexpr Metric kOldestPid =
    gauge("sqlite_oldest_reader_pid",
          "A process that holds the oldest reader's mark; absent where its pid cannot be seen.");

constexpr Metric kReaderPinned = gauge(
    "sqlite_reader_pinned_frames",
    "Frames that old readers of this owner pin; of several the most. Owner labels are empty where "
    "the processes cannot be told (sqlite_attribution_limited).",
    {"owner_process", "owner_unit", "owner_namespace", "owner_pod", "owner_container"});

constexpr const Metric* kReadersMetrics[] = {&kReaders, &kPinnedFrames, &kOldestAge, &kOldestPid,
                                             &kReaderPinned};

/// As F_GETLK says; of an open file description, which has no pid there, one process that has it.
int pid_of_reader(const Look& look, std::size_t mark) {
  const int pid = look.wal_locks.read[mark]->pid;
  if (pid >= 0) return pid;
  const std::vector<const HolderProcess*> holders = holders_of_mark(look, mark);
  return holders.empty() ? pid : holders.front()->pid;
}

void add_owners(const Look& look, Batch& batch) {
  std::map<Owner, std::uint32_t> pinned;
  for (std::size_t mark = 0; mark < kReadMarks; ++mark) {
    const OldReader* const reader = old_reader(look, mark);
    if (reader == nullptr) continue;
    const std::uint32_t frames =
        look.index->mx_frame - std::max(reader->safe_frame, look.index->n_backfill);
    const std::vector<const HolderProcess*> holders = holders_of_mark(look, mark);
    if (holders.empty() || has_unknown_reader(look, mark)) {
      std::uint32_t& most = pinned[Owner()];
      most = std::max(most, frames);
    }
    for (const HolderProcess* holder : holders) {
      std::uint32_t& most = pinned[holder->process.owner];
      most = std::max(most, frames);
    }
  }
  for (const auto& [owner, frames] : pinned)
    batch.add(kReaderPinned, frames,
              {owner.process, owner.unit, owner.pod_namespace, owner.pod, owner.container});
}

/// In rollback mode SHARED is all there is to see; one reader cannot be told from the next.
Result<void> look_at_rollback_readers(const Look& look, Batch& batch) {
  if (!look.main_header || look.main_header->journal_mode != JournalMode::rollback)
    return fail(Errc::no_data, "nobody is attached");
  batch.add(kReaders, look.database_locks.shared && !look.database_locks.exclusive() ? 1 : 0);
  return {};
}

Result<void> look_at_readers(const Look& look, Batch& batch) {
  if (!look.index) return look_at_rollback_readers(look, batch);
  const auto& read = look.wal_locks.read;
  int readers = 0;
  for (std::size_t mark = 0; mark < kReadMarks; ++mark)
    if (read[mark] && !is_own_mark(look, mark)) ++readers;
  batch.add(kReaders, readers);
  batch.add(kPinnedFrames, pinned_frames(*look.index, look.wal_locks));

  const OldReader* oldest = nullptr;
  int pid = 0;
  for (std::size_t mark = 0; mark < kReadMarks; ++mark) {
    const OldReader* const reader = old_reader(look, mark);
    if (reader == nullptr || (oldest != nullptr && oldest->since <= reader->since)) continue;
    oldest = reader;
    pid = pid_of_reader(look, mark);
  }
  if (oldest == nullptr) return {};
  const std::chrono::duration<double> age = look.taken - oldest->since;
  batch.add(kOldestAge, age.count());
  if (pid > 0) batch.add(kOldestPid, pid);
  add_owners(look, batch);
  return {};
}

}  // namespace

bool has_unknown_reader(const Look& look, std::size_t mark) {
  const std::optional<OldReader>& reader = look.sample.old_readers[mark];
  return reader && look.holders.unknown_reads[mark] && look.holders.listed >= reader->since;
}

const Collector kReadersCollector = {"readers", kReadersMetrics, look_at_readers};

}  // namespace sqlite_exporter
