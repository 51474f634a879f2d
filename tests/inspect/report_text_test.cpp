/// The block of text, letter by letter.
#include "exporter/inspect/report_text.h"

#include "tests/support/catch.h"
#include "tests/support/looks.h"

namespace sqlite_exporter {
namespace {

TEST_CASE("a pinned WAL") {
  Observation observation = test::live_wal();
  test::hold_back(observation, 1);
  observation.look->wal_locks.write = LockHolder{true, 99};
  CHECK(report_text(observation) ==
        R"(/data/app.db: ATTENTION
  state        wal_live
  size         12.3 MiB (3150 pages of 4096 bytes, 12 free), schema 14, written
               by SQLite 3.51.3
  WAL          40.0 MiB file, 5301 frames, 301 checkpointed, 5000 to go
  pinned       5000 frames: READ1 at frame 301
  reader       READ1 at frame 301: pid 812
  lock         write: pid 99
  open in      at least pid 99
  open in      pid 812
  last write   2026-11-20 12:00:02 UTC
  attention    reader: READ1 is held by pid 812, whose read transaction keeps
               checkpoints from copying 5000 frames.
  what to do   End that transaction (a statement not stepped to its end or
               reset, a BEGIN without COMMIT), or restart that process.
)");
}

TEST_CASE("known processes, ages and rates") {
  Observation observation = test::live_wal();
  test::hold_back(observation, 1);
  observation.watched = true;
  observation.rates = Rates{263.04, 526.1};
  observation.look->holders = test::known_processes();
  CHECK(report_text(observation) ==
        R"(/data/app.db: HEALTHY
  state        wal_live
  size         12.3 MiB (3150 pages of 4096 bytes, 12 free), schema 14, written
               by SQLite 3.51.3
  WAL          40.0 MiB file, 5301 frames, 301 checkpointed, 5000 to go
  pinned       5000 frames: READ1 at frame 301
  reader       READ1 at frame 301: litestream (pid 812, litestream.service),
               process started 2026-11-19 12:00:03 UTC, for at least 42 s
  open in      app (pid 99, pod shop/web-0, container main)
  open in      litestream (pid 812, litestream.service), process started
               2026-11-19 12:00:03 UTC
  last write   2026-11-20 12:00:02 UTC
  activity     263.0 transactions/s, 526.1 frames/s
  note         replicator: READ1 is held by litestream (pid 812,
               litestream.service) for at least 42 s, whose read transaction
               keeps checkpoints from copying 5000 frames.
  what to do   Litestream keeps a reader by design, and lets go of it when it
               checkpoints. If the WAL goes on growing, look at its log.
)");
}

TEST_CASE("what is not known is not there") {
  CHECK(report_text(test::observed(DatabaseState::absent)) == R"(/data/app.db: CANNOT SAY
  state        absent
  unknown      absent: There is no file at this path.
  what to do   Check the path, and whether its mount is there.
)");
  Observation failed;
  failed.path = "a\n.db";
  failed.error = Error{Errc::io, "read a: Input/output error"};
  CHECK(report_text(failed) == R"(a\x0a.db: CANNOT SAY
  unknown      io: read a: Input/output error.
  what to do   The device reports read errors: look at the kernel log.
)");
}

TEST_CASE("of an encrypted database the size and what lies beside it") {
  Observation observation = test::live_wal();
  observation.look->header.reset();
  observation.look->states.add(DatabaseState::encrypted);
  observation.look->plain = PlainFacts{4096, std::nullopt, std::nullopt};
  observation.look->side_files = SideFiles{std::nullopt, std::nullopt, 2048, 512};
  const std::string text = report_text(observation);
  CHECK(text.find("  size         12.3 MiB (pages of 4096 bytes)\n") != std::string::npos);
  CHECK(text.find("  beside       -log 2.0 KiB, -tshm 512 B\n") != std::string::npos);
  observation.look->plain->pages = 3150;
  CHECK(report_text(observation).find("12.3 MiB (3150 pages of 4096 bytes)\n") !=
        std::string::npos);
  observation.look->database->size = 2048;
  CHECK(
      report_text(observation).find("12.3 MiB (3150 pages of 4096 bytes), 2.0 KiB in the file\n") !=
      std::string::npos);
}

}  // namespace
}  // namespace sqlite_exporter
