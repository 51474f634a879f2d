#include "collectors/checkpoints.h"

#include "collectors/blocked.h"

namespace sqlite_exporter {

namespace {

constexpr Metric kCheckpoints =
    counter("sqlite_checkpoints_total",
            "Checkpoints since first seen that moved frames (nBackfill), were followed by a reset, "
            "or were seen at work; a lower bound. Absent in state wal_exclusive, where only the "
            "application knows.");
constexpr Metric kFailures =
    counter("sqlite_checkpoint_failures_total",
            "Checkpoints seen to have begun (nBackfillAttempted) and not to have got there "
            "(nBackfill), for want of space say; a lower bound. Absent in state wal_exclusive.");
constexpr Metric kLastProgress =
    gauge("sqlite_checkpoint_last_progress_timestamp_seconds",
          "When a checkpoint was last seen to have moved frames; absent until one was.");
constexpr Metric kBlocked = gauge(
    "sqlite_checkpoint_blocked",
    "1 for each cause that holds: reader (its snapshot lies below mxFrame), "
    "old_reader_on_slot_0 (READ0: nothing may be copied at all), replicator (that reader is "
    "Litestream), writer (one write transaction has been open for 5 s), no_checkpointer "
    "(10,000 frames wait, nothing is in the way, and nobody came for a minute), "
    "readers_in_turn (all is checkpointed, and for half a minute there was always some reader, so "
    "that the WAL cannot start over).",
    {"cause"});

constexpr const Metric* kCheckpointsMetrics[] = {&kCheckpoints, &kFailures, &kLastProgress,
                                                 &kBlocked};

Result<void> look_at_checkpoints(const Look& look, Batch& batch) {
  if (!look.wal_seen) return fail(Errc::no_data, "not in WAL mode");
  if (!look.attached && look.database_locks.exclusive())
    return fail(Errc::no_data, "one connection has nBackfill in its own memory");
  const CheckpointTotals& totals = look.sample.checkpoints;
  batch.add(kCheckpoints, static_cast<double>(totals.checkpoints));
  batch.add(kFailures, static_cast<double>(totals.failures));
  if (totals.last_progress > 0) batch.add(kLastProgress, totals.last_progress);
  const BlockedCauses causes = blocked_causes(look);
  for (std::size_t i = 0; i < causes.size(); ++i)
    if (causes[i]) batch.add(kBlocked, 1, {kBlockedCauseNames[i]});
  return {};
}

}  // namespace

const Collector kCheckpointsCollector = {"checkpoints", kCheckpointsMetrics, look_at_checkpoints};

}  // namespace sqlite_exporter
