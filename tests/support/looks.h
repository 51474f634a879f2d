/// Observations built by hand, for tests of what is made of them.
#pragma once

#include "exporter/inspect/observation.h"

namespace sqlite_exporter::test {

inline constexpr std::chrono::steady_clock::time_point kLookTaken{std::chrono::hours(1)};

/// /data/app.db with one state and no content, seen twice, a second apart, and not watched.
Observation observed(DatabaseState state);

/// A live database in WAL mode: 3150 pages of 4096 bytes, 5301 frames of which 301 are
/// checkpointed, all of them free to go, by SQLite 3.51.3; pid 99 holds SHARED.
Observation live_wal();

/// An old reader, pid 812, at frame 301, seen for 42 s; on READ0 it sees the file alone.
void hold_back(Observation& observation, std::size_t slot);

/// litestream, pid 812, reading at READ1, and app, pid 99, in a pod.
Holders known_processes();

}  // namespace sqlite_exporter::test
