#include "collectors/engine.h"

#include "collectors/wal_reset.h"

namespace sqlite_exporter {

namespace {

constexpr Metric kKnownBug = gauge(
    "sqlite_engine_known_bug",
    "1 for each defect of SQLite that can happen as the database is used now: wal_reset (two "
    "processes in WAL mode, 3.7.0 to 3.51.2). Judged by the library that each process has mapped; "
    "where that cannot be read for all of them, and none has the bug, by the version that wrote "
    "page 1 last, which happens when schema or size change. Information, no alarm: distributions "
    "port fixes back without a new version.",
    {"bug"});

constexpr const Metric* kEngineMetrics[] = {&kKnownBug};

Result<void> look_at_engine(const Look& look, Batch& batch) {
  if (!look.attached) return fail(Errc::no_data, "not open in WAL mode");
  if (attached_processes(look.holders) >= 2 && look.wal_reset_bug)
    batch.add(kKnownBug, 1, {"wal_reset"});
  return {};
}

}  // namespace

const Collector kEngineCollector = {"engine", kEngineMetrics, look_at_engine};

}  // namespace sqlite_exporter
