#include "collectors/wal.h"

namespace sqlite_exporter {

namespace {

constexpr Metric kFrames = gauge("sqlite_wal_frames", "Committed frames in the WAL (mxFrame).");
constexpr Metric kBackfilledFrames =
    gauge("sqlite_wal_backfilled_frames",
          "Frames of the WAL that checkpoints have already copied into the database (nBackfill); "
          "absent in state wal_exclusive, where only the application knows.");
constexpr Metric kWalFileSize = gauge(
    "sqlite_wal_file_size_bytes",
    "Size of the -wal file: a high-water mark, which a reset does not shrink; 0 without one.");
constexpr Metric kFramesWritten =
    counter("sqlite_wal_frames_written_total",
            "Frames committed to the WAL since first seen; a lower bound while "
            "sqlite_wal_unseen_generations_total grows.");
constexpr Metric kResets =
    counter("sqlite_wal_resets_total",
            "How often a writer started the WAL over after a complete checkpoint (salt-1).");
constexpr Metric kUnseenGenerations =
    counter("sqlite_wal_unseen_generations_total",
            "Generations of the WAL whose last frames passed unseen between two samples.");

constexpr const Metric* kWalMetrics[] = {&kFrames,        &kBackfilledFrames, &kWalFileSize,
                                         &kFramesWritten, &kResets,           &kUnseenGenerations};

Result<void> look_at_wal(const Look& look, Batch& batch) {
  if (!look.wal_seen) return fail(Errc::no_data, "not in WAL mode");

  const WalTotals& totals = look.sample.totals;
  if (look.commits_known) {
    batch.add(kFramesWritten, static_cast<double>(totals.frames_written));
    batch.add(kResets, static_cast<double>(totals.resets));
    batch.add(kUnseenGenerations, static_cast<double>(totals.unseen_generations));
  }
  if (!look.database) return {};

  batch.add(kWalFileSize, look.wal ? static_cast<double>(look.wal->size) : 0);
  if (look.index) {
    batch.add(kFrames, look.index->mx_frame);
    batch.add(kBackfilledFrames, look.index->n_backfill);
  } else if (const FollowedWal* const wal = look.followed_wal()) {
    batch.add(kFrames, wal->mx_frame);
  } else if (!look.wal && !look.attached && !look.database_locks.any()) {
    batch.add(kFrames, 0);
    batch.add(kBackfilledFrames, 0);
  }
  return {};
}

}  // namespace

const Collector kWalCollector = {"wal", kWalMetrics, look_at_wal};

}  // namespace sqlite_exporter
