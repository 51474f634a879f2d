#include "collectors/engine.h"

#include <algorithm>

#include "collectors/sqlite/known_bug.h"

namespace sqlite_exporter {

namespace {

constexpr Metric kKnownBug = gauge(
    "sqlite_engine_known_bug",
    "1 for each defect of the SQLite that wrote page 1 last, which happens when schema or size "
    "change, that can happen as the database is used now: wal_reset (two processes in WAL "
    "mode, 3.7.0 to 3.51.2). Information, no alarm: the processes may have another version, "
    "and distributions port fixes back without a new one.",
    {"bug"});

constexpr const Metric* kEngineMetrics[] = {&kKnownBug};

Result<void> look_at_engine(const Look& look, Batch& batch) {
  if (!look.attached || !look.header) return fail(Errc::no_data, "not open in WAL mode");
  const auto attached = std::ranges::count_if(
      look.holders.processes, [](const HolderProcess& holder) { return holder.holds_switch; });
  if (attached >= 2 && has_wal_reset_bug(*look.header)) batch.add(kKnownBug, 1, {"wal_reset"});
  return {};
}

}  // namespace

const Collector kEngineCollector = {"engine", kEngineMetrics, look_at_engine};

}  // namespace sqlite_exporter
