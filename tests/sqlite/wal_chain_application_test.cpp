/// WALs that real applications left behind, against what SQLite recovers from copies of them.
#include "tests/support/catch.h"

#include <array>
#include <fstream>
#include <iterator>
#include <sstream>

#include "collectors/sqlite/wal_chain.h"
#include "collectors/sqlite/wal_index.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/sqlite_fixtures.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::Buffer;
using test::MemoryReader;
using test::SqliteApplication;
using test::TemporaryDirectory;

Buffer content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const Bytes bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// Two files of a database that nobody has open.
struct Files {
  Buffer database;
  Buffer wal;
  std::uint32_t page_size = 0;

  std::uint32_t frames() const {
    if (wal.size() < kWalHeaderSize) return 0;
    return static_cast<std::uint32_t>((wal.size() - kWalHeaderSize) /
                                      (kFrameHeaderSize + page_size));
  }
};

/// An application with a table, whose WAL is never checkpointed unless told to.
class Application : public SqliteApplication {
 public:
  explicit Application(std::uint32_t page_size = 4096) : page_size_(page_size) {
    open(path());
    exec("PRAGMA page_size = " + std::to_string(page_size));
    exec("PRAGMA journal_mode = wal");
    exec("PRAGMA wal_autocheckpoint = 0");
    exec("PRAGMA cache_size = 10");
    exec("CREATE TABLE t(id INTEGER PRIMARY KEY, b)");
    query("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  void insert(int rows) {
    exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
         std::to_string(rows) + ") INSERT INTO t(b) SELECT randomblob(1500) FROM n");
  }

  Files crash() {
    kill();
    return {content_of(path()), content_of(path() + "-wal"), page_size_};
  }

  std::string path() const { return directory_ / "a.db"; }

 private:
  TemporaryDirectory directory_;
  std::uint32_t page_size_;
};

void write(const std::string& path, const Buffer& content) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(content.data()),
             static_cast<std::streamsize>(content.size()));
  REQUIRE(file.flush());
}

/// The number of frames that SQLite recovers from a copy of the files.
std::uint32_t recovered_by_sqlite(const Files& files) {
  const TemporaryDirectory directory;
  write(directory / "copy.db", files.database);
  write(directory / "copy.db-wal", files.wal);
  SqliteApplication application(directory / "copy.db");
  std::istringstream row(application.query("PRAGMA wal_checkpoint(PASSIVE)"));
  int busy = -1;
  std::uint32_t frames = 0;
  char bar = 0;
  row >> busy >> bar >> frames;
  REQUIRE(row);
  REQUIRE(busy == 0);
  return frames;
}

/// Asks about every frame of the WAL, and one that is beyond it; returns what both agree on.
std::uint32_t recovered(const Files& files) {
  const std::uint32_t truth = recovered_by_sqlite(files);
  const MemoryReader wal(files.wal);
  bool as_sqlite = true;
  for (std::uint32_t after = 0; after <= files.frames() + 1; ++after) {
    const auto expected = after < truth ? Pending::some : Pending::none;
    as_sqlite = as_sqlite && committed_frames_beyond(wal, after) == expected;
  }
  CAPTURE(truth, files.frames());
  CHECK(as_sqlite);
  return truth;
}

WalIndex index_of(const std::string& database) {
  const auto index = read_wal_index(MemoryReader(content_of(database + "-shm")));
  REQUIRE(index);
  return *index;
}

TEST_CASE("committed transactions of a killed application are pending") {
  const std::uint32_t page_size = GENERATE(512U, 4096U, 65536U);
  CAPTURE(page_size);
  Application application(page_size);
  for (int i = 1; i <= 8; ++i) application.insert(i);
  const Files files = application.crash();
  CHECK(files.frames() >= 8);
  CHECK(recovered(files) == files.frames());

  const WalIndex index = index_of(application.path());
  CHECK(index.mx_frame == files.frames());
  const MemoryReader wal(files.wal);
  CHECK(holds_frame(wal, index.salts, index.page_size, index.mx_frame) == true);
  CHECK(holds_frame(wal, index.salts, index.page_size, index.mx_frame + 1) == false);
}

TEST_CASE("a transaction that was spilled and never committed is not pending") {
  const int before = GENERATE(0, 5);
  Application application;
  for (int i = 0; i < before; ++i) application.insert(1);
  application.exec("BEGIN");
  application.insert(100);
  const Files files = application.crash();
  const std::uint32_t committed = recovered(files);
  CHECK((committed > 0) == (before > 0));
  CHECK(files.frames() > committed + 20);
}

TEST_CASE("the last frame was written in part") {
  Application application;
  for (int i = 0; i < 5; ++i) application.insert(3);
  Files files = application.crash();
  const std::uint32_t whole = recovered(files);
  files.wal.resize(files.wal.size() - 2000);
  const std::uint32_t committed = recovered(files);
  CHECK(committed > 0);
  CHECK(committed < whole);
}

TEST_CASE("nothing is recovered behind a flipped bit") {
  Application application;
  for (int i = 0; i < 6; ++i) application.insert(3);
  const Files files = application.crash();
  std::uint32_t last = 0;
  for (std::uint32_t frame = 1; frame <= files.frames(); ++frame) {
    const std::size_t in_frame = std::array{1U, 5U, 9U, 14U, 18U, 23U, 24U, 4119U}[frame % 8];
    const auto offset = static_cast<std::size_t>(frame_offset(frame, files.page_size)) + in_frame;
    Files flipped = files;
    flipped.wal.at(offset) ^= std::byte{4};
    CAPTURE(frame, in_frame);
    const std::uint32_t committed = recovered(flipped);
    CHECK(committed < frame);
    CHECK(committed >= last);
    last = committed;
  }
  CHECK(last > 0);
}

TEST_CASE("nothing is recovered behind a header with a flipped bit") {
  Application application;
  application.insert(3);
  const Files files = application.crash();
  for (const std::size_t offset : {3U, 10U, 12U, 19U, 20U, 24U, 31U}) {
    Files flipped = files;
    flipped.wal.at(offset) ^= std::byte{1};
    CAPTURE(offset);
    CHECK(recovered(flipped) == 0);
  }
}

TEST_CASE("a WAL from a machine of the other byte order is recovered") {
  Application application;
  for (int i = 0; i < 5; ++i) application.insert(3);
  Files files = application.crash();
  files.wal.at(3) ^= std::byte{1};
  test::seal_wal_header(files.wal);
  test::seal_wal_frames(files.wal);
  CHECK(recovered(files) == files.frames());
}

TEST_CASE("a whole checkpoint leaves nothing pending, though a recovery would read it again") {
  Application application;
  for (int i = 0; i < 5; ++i) application.insert(3);
  application.query("PRAGMA wal_checkpoint(PASSIVE)");
  const WalIndex index = index_of(application.path());
  const Files files = application.crash();
  CHECK(index.n_backfill == recovered(files));
  CHECK(committed_frames_beyond(MemoryReader(files.wal), index.n_backfill) == Pending::none);
}

TEST_CASE("old frames behind a reset are not pending") {
  Application application;
  for (int i = 0; i < 10; ++i) application.insert(4);
  const WalIndex old = index_of(application.path());
  application.query("PRAGMA wal_checkpoint(PASSIVE)");
  application.insert(2);
  const WalIndex index = index_of(application.path());
  REQUIRE(index.mx_frame < old.mx_frame);
  const Files files = application.crash();
  CHECK(files.frames() == old.mx_frame);
  CHECK(recovered(files) == index.mx_frame);

  const MemoryReader wal(files.wal);
  CHECK(holds_frame(wal, index.salts, index.page_size, index.mx_frame) == true);
  CHECK(holds_frame(wal, index.salts, index.page_size, old.mx_frame) == false);
  CHECK(holds_frame(wal, old.salts, old.page_size, index.mx_frame) == false);
}

TEST_CASE("a close without a checkpoint leaves the same behind as a crash") {
  Application application;
  for (int i = 0; i < 5; ++i) application.insert(3);
  application.config("no_ckpt_on_close", true);
  application.close();
  const Files files = application.crash();
  CHECK(recovered(files) == files.frames());
}

TEST_CASE("a close that keeps the WAL leaves nothing behind that was not checkpointed") {
  Application application;
  for (int i = 0; i < 5; ++i) application.insert(3);
  application.config("persist_wal", true);
  application.close();
  const Files files = application.crash();
  const WalIndex index = index_of(application.path());
  CHECK(recovered(files) == index.n_backfill);
  CHECK(committed_frames_beyond(MemoryReader(files.wal), index.n_backfill) == Pending::none);
}

}  // namespace
}  // namespace sqlite_exporter
