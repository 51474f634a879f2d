/// What a replicator holds by design, and what it only holds.
#include "collectors/replicator.h"

#include <chrono>
#include <filesystem>
#include <string>

#include "collectors/blocked.h"
#include "collectors/linux/file.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

using std::chrono::seconds;

/// Litestream has held mark 1 for a minute, and 5,000 frames wait behind it.
Look held_by_litestream() {
  Look look;
  look.taken = std::chrono::steady_clock::time_point(std::chrono::hours(1));
  look.index.emplace();
  look.index->mx_frame = 5001;
  look.index->n_backfill = 1;
  look.index->read_mark = {0, 1, kUnusedReadMark, kUnusedReadMark, kUnusedReadMark};
  look.wal_locks.read[1] = LockHolder{false, 812};
  look.sample.old_readers[1] = OldReader{1, look.taken - seconds(60), true};
  HolderProcess litestream;
  litestream.pid = 812;
  litestream.process.owner.process = "litestream";
  litestream.reads[1] = true;
  look.holders.processes = {litestream};
  look.holders.listed = look.taken;
  return look;
}

bool blocks(const Look& look, BlockedCause cause) {
  return blocked_causes(look)[static_cast<std::size_t>(cause)];
}

TEST_CASE("a replicator keeps its reader by design") {
  const Look look = held_by_litestream();
  CHECK(is_held_by_design(look, 1));
  CHECK(blocks(look, BlockedCause::replicator));
  CHECK_FALSE(blocks(look, BlockedCause::reader));
  CHECK_FALSE(is_held_by_design(look, 2));
}

TEST_CASE("a replicator that stands still, hangs or is not alone is a reader as any other") {
  Look look = held_by_litestream();
  SECTION("stopped") {
    SUCCEED("prepared");  // what is asserted follows
    look.holders.processes[0].process.stopped = true;
  }
  SECTION("frozen with its cgroup") {
    SUCCEED("prepared");  // what is asserted follows
    look.holders.processes[0].process.frozen = true;
  }
  SECTION("for minutes, with thousands of frames") {
    SUCCEED("prepared");  // what is asserted follows

    look.sample.old_readers[1]->since = look.taken - seconds(300);
  }
  SECTION("another process on the same mark") {
    SUCCEED("prepared");  // what is asserted follows

    look.holders.processes.push_back(look.holders.processes[0]);
    look.holders.processes[1].process.owner.process = "app";
  }
  SECTION("somebody unknown on the same mark") {
    SUCCEED("prepared");  // what is asserted follows
    look.holders.unknown_reads[1] = true;
  }
  CHECK_FALSE(is_held_by_design(look, 1));
  CHECK(blocks(look, BlockedCause::reader));
  CHECK_FALSE(blocks(look, BlockedCause::replicator));
}

TEST_CASE("a replicator may hold a mark for long where little is written, and much for a moment") {
  Look look = held_by_litestream();
  look.sample.old_readers[1]->since = look.taken - seconds(3000);
  look.index->mx_frame = 4000;
  CHECK(is_held_by_design(look, 1));
  look.index->mx_frame = 500'000;
  look.sample.old_readers[1]->since = look.taken - seconds(299);
  CHECK(is_held_by_design(look, 1));
}

TEST_CASE("a process alone with its database may replicate it itself, and not one of several") {
  Look look = held_by_litestream();
  look.holders.processes[0].process.owner.process = "app";
  look.holders.complete = true;
  CHECK_FALSE(is_held_by_design(look, 1));
  look.litestream_beside = true;
  CHECK(is_held_by_design(look, 1));
  SECTION("another one") {
    SUCCEED("prepared");  // what is asserted follows
    look.holders.processes.emplace_back();
  }
  SECTION("another one may be there") {
    SUCCEED("prepared");  // what is asserted follows
    look.holders.complete = false;
  }
  SECTION("overdue") {
    SUCCEED("prepared");  // what is asserted follows
    look.sample.old_readers[1]->since = look.taken - seconds(300);
  }
  CHECK_FALSE(is_held_by_design(look, 1));
}

TEST_CASE("the folder of Litestream tells whether it is at work") {
  const TemporaryDirectory directory;
  Look look = held_by_litestream();
  look.path = directory / "app.db";
  const MountTable mounts({{"/", "ext4", "/dev/root", false}});
  look.mount = mounts.mount_of(look.path);
  look.wal.emplace();
  CHECK_FALSE(replicates_beside(look, mounts));
  const std::string folder = directory / ".app.db-litestream";
  std::filesystem::create_directories(folder + "/ltx/0");
  const Result<double> modified = folder_modified(folder + "/ltx/0");
  REQUIRE(modified);
  look.wal->modified = *modified + 299;
  CHECK(replicates_beside(look, mounts));
  look.wal->modified = *modified + 301;  // it has not copied for so long
  CHECK_FALSE(replicates_beside(look, mounts));
  look.wal->modified = *modified;

  SECTION("without an old reader nobody asks") {
    SUCCEED("prepared");  // what is asserted follows
    look.sample.old_readers[1].reset();
  }
  SECTION("a link may lead anywhere") {
    SUCCEED("prepared");  // what is asserted follows

    std::filesystem::rename(folder + "/ltx", directory / "ltx");
    std::filesystem::create_directory_symlink(directory / "ltx", folder + "/ltx");
  }
  SECTION("another filesystem is not asked") {
    const MountTable apart({{"/", "ext4", "/dev/root", false}, {folder, "nfs", "server:/", true}});
    look.mount = apart.mount_of(look.path);
    CHECK_FALSE(replicates_beside(look, apart));
    return;
  }
  CHECK_FALSE(replicates_beside(look, mounts));
}

}  // namespace
}  // namespace sqlite_exporter::test
