/// What is read off the files of a real application, against what its own PRAGMAs say.
#include "tests/support/catch.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include "collectors/linux/file.h"
#include "collectors/sqlite/page_one.h"
#include "collectors/sqlite/wal_index.h"
#include "collectors/sqlite/wal_tail.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::SqliteApplication;
using test::TemporaryDirectory;

File opened(const std::string& path) {
  auto file = File::open(path);
  INFO((file ? "" : file.error().message));
  REQUIRE(file);
  return std::move(*file);
}

WalIndex index_of(const std::string& database) {
  const auto index = read_wal_index(opened(database + "-shm"));
  INFO((index ? "" : index.error().message));
  REQUIRE(index);
  return *index;
}

DatabaseHeader page_one_of(const std::string& database) {
  const auto header = read_newest_page_one(opened(database), opened(database + "-wal"),
                                           opened(database + "-shm"), index_of(database));
  INFO((header ? "" : header.error().message));
  REQUIRE(header);
  return *header;
}

/// Busy, frames in the WAL, frames checkpointed.
struct CheckpointAnswer {
  std::uint32_t busy = 0;
  std::uint32_t log = 0;
  std::uint32_t checkpointed = 0;
};

CheckpointAnswer checkpoint(SqliteApplication& application, const std::string& mode) {
  std::istringstream row(application.query("PRAGMA wal_checkpoint(" + mode + ")"));
  CheckpointAnswer answer;
  char bar = 0;
  row >> answer.busy >> bar >> answer.log >> bar >> answer.checkpointed;
  REQUIRE(row);
  return answer;
}

/// 3.40.1 is 3040001.
std::uint32_t version_number(const std::string& version) {
  std::istringstream parts(version);
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t patch = 0;
  char dot = 0;
  parts >> major >> dot >> minor >> dot >> patch;
  REQUIRE(parts);
  return major * 1'000'000 + minor * 1'000 + patch;
}

std::string as_signed(std::uint32_t value) {
  return std::to_string(static_cast<std::int32_t>(value));
}

void check_against_pragmas(SqliteApplication& application, const std::string& database) {
  const DatabaseHeader header = page_one_of(database);
  const WalIndex index = index_of(database);
  CHECK(std::to_string(header.page_size) == application.query("PRAGMA page_size"));
  CHECK(std::to_string(header.page_count) == application.query("PRAGMA page_count"));
  CHECK(std::to_string(index.n_page) == application.query("PRAGMA page_count"));
  CHECK(std::to_string(header.freelist_count) == application.query("PRAGMA freelist_count"));
  CHECK(std::to_string(header.schema_cookie) == application.query("PRAGMA schema_version"));
  CHECK(as_signed(header.user_version) == application.query("PRAGMA user_version"));
  CHECK(as_signed(header.application_id) == application.query("PRAGMA application_id"));
  CHECK(to_string(header.encoding) == application.query("PRAGMA encoding"));
  CHECK(std::to_string(static_cast<int>(header.auto_vacuum)) ==
        application.query("PRAGMA auto_vacuum"));
  CHECK(header.sqlite_version_number ==
        version_number(application.query("SELECT sqlite_version()")));
  CHECK(header.journal_mode == JournalMode::wal);
  CHECK(index.page_size == header.page_size);
}

void start_wal(SqliteApplication& application) {
  application.exec("PRAGMA journal_mode = wal");
  application.exec("PRAGMA synchronous = off");
  application.exec("PRAGMA wal_autocheckpoint = 0");
}

/// `rows` rows in one transaction, about one page for every two of them at 4096 bytes.
std::string insert(int rows) {
  return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
         std::to_string(rows) + ") INSERT INTO t(b) SELECT randomblob(1500) FROM n";
}

/// The newest committed frame of a page, by a plain scan of the WAL.
std::uint32_t scanned_frame(const File& wal, const WalIndex& index, std::uint32_t page_number) {
  std::uint32_t newest = 0;
  for (std::uint32_t frame = 1; frame <= index.mx_frame; ++frame) {
    std::array<std::byte, kFrameHeaderSize> bytes{};
    REQUIRE(wal.read_at(frame_offset(frame, index.page_size), bytes) == bytes.size());
    if (parse_frame_header(bytes).page_number == page_number) newest = frame;
  }
  return newest;
}

/// No salts if the file ends before the frame.
std::optional<WalSalts> salts_of(const File& wal, std::uint32_t frame) {
  std::array<std::byte, kFrameHeaderSize> bytes{};
  const auto count = wal.read_at(frame_offset(frame, 4096), bytes);
  REQUIRE(count);
  if (*count < bytes.size()) return std::nullopt;
  return parse_frame_header(bytes).salts;
}

TEST_CASE("the newest page 1 is what the PRAGMAs say, while it is only in the WAL") {
  const std::string page_size = GENERATE("512", "4096", "65536");
  const std::string auto_vacuum = GENERATE("none", "full", "incremental");
  const std::string encoding = GENERATE("UTF-8", "UTF-16le", "UTF-16be");
  CAPTURE(page_size, auto_vacuum, encoding);
  const TemporaryDirectory directory;
  const std::string database = directory / "a.db";
  SqliteApplication application(database);
  application.exec("PRAGMA page_size = " + page_size);
  application.exec("PRAGMA auto_vacuum = " + auto_vacuum);
  application.exec("PRAGMA encoding = '" + encoding + "'");
  start_wal(application);
  application.exec("CREATE TABLE t(id INTEGER PRIMARY KEY, b)");
  check_against_pragmas(application, database);

  for (int round = 1; round <= 6; ++round) {
    CAPTURE(round);
    application.exec("PRAGMA user_version = " + std::to_string(round % 2 == 0 ? round : -round));
    application.exec("PRAGMA application_id = " + std::to_string(-1000 * round));
    application.exec(insert(20 * round));
    application.exec("DELETE FROM t WHERE id % 3 = 0");
    if (round == 3) application.exec("CREATE INDEX i ON t(b)");
    if (round == 5) checkpoint(application, "PASSIVE");
    check_against_pragmas(application, database);
  }
}

TEST_CASE("the header in the database file says the same once it is checkpointed") {
  const TemporaryDirectory directory;
  const std::string database = directory / "a.db";
  SqliteApplication application(database);
  start_wal(application);
  application.exec("CREATE TABLE t(id INTEGER PRIMARY KEY, b)");
  application.exec("PRAGMA user_version = -2147483648");
  checkpoint(application, "TRUNCATE");
  std::array<std::byte, kDatabaseHeaderSize> bytes{};
  REQUIRE(opened(database).read_at(0, bytes) == bytes.size());
  const auto header = parse_database_header(bytes);
  REQUIRE(header);
  CHECK(as_signed(header->user_version) == "-2147483648");
  CHECK(std::to_string(header->page_count) == application.query("PRAGMA page_count"));
  CHECK(header->page_count_valid);
  check_against_pragmas(application, database);
}

TEST_CASE("mxFrame and nBackfill are what wal_checkpoint answers") {
  const TemporaryDirectory directory;
  const std::string database = directory / "a.db";
  SqliteApplication application(database);
  start_wal(application);
  application.exec("CREATE TABLE t(id INTEGER PRIMARY KEY, b)");
  application.exec(insert(50));
  SqliteApplication reader(database);
  reader.step("SELECT * FROM t");
  application.exec(insert(50));

  const CheckpointAnswer pinned = checkpoint(application, "PASSIVE");
  WalIndex index = index_of(database);
  CHECK(pinned.checkpointed < pinned.log);
  CHECK(index.mx_frame == pinned.log);
  CHECK(index.n_backfill == pinned.checkpointed);
  CHECK(std::ranges::count(index.read_mark, pinned.checkpointed) == 1);

  reader.finish();
  const CheckpointAnswer whole = checkpoint(application, "PASSIVE");
  index = index_of(database);
  CHECK(whole.checkpointed == whole.log);
  CHECK(index.n_backfill == whole.log);
}

TEST_CASE("iChange counts the transactions that changed a page") {
  const TemporaryDirectory directory;
  const std::string database = directory / "a.db";
  SqliteApplication application(database);
  start_wal(application);
  application.exec("CREATE TABLE t(id INTEGER PRIMARY KEY, b)");
  const std::uint32_t before = index_of(database).i_change;
  for (int i = 0; i < 25; ++i) application.exec("INSERT INTO t(b) VALUES(1)");
  application.exec("BEGIN; INSERT INTO t(b) VALUES(1); INSERT INTO t(b) VALUES(2); COMMIT");
  application.exec("BEGIN; INSERT INTO t(b) VALUES(1); ROLLBACK");
  application.exec("UPDATE t SET b = 0 WHERE id < 0");
  CHECK(index_of(database).i_change == before + 26);
}

TEST_CASE("every page is found in a WAL of several hash blocks") {
  const TemporaryDirectory directory;
  const std::string database = directory / "a.db";
  SqliteApplication application(database);
  application.exec("PRAGMA page_size = 512");
  start_wal(application);
  application.exec("CREATE TABLE t(id INTEGER PRIMARY KEY, b)");
  application.exec(insert(30));
  // No page is added or freed any more: the newest page 1 stays in the first block.
  for (int i = 0; i < 110; ++i) application.exec("UPDATE t SET b = randomblob(1500)");

  const File shm = opened(database + "-shm");
  const File wal = opened(database + "-wal");
  const WalIndex index = index_of(database);
  REQUIRE(index.mx_frame > 4062 + 4096);
  CHECK(checkpoint(application, "PASSIVE").log == index.mx_frame);
  for (std::uint32_t page = 1; page <= index.n_page; page += page < 5 ? 1 : 13) {
    const auto frame = newest_frame_of_page(shm, index, page);
    REQUIRE(frame);
    CAPTURE(page);
    CHECK(*frame == scanned_frame(wal, index, page));
  }
  check_against_pragmas(application, database);
  application.exec("DELETE FROM t WHERE id > 5");
  check_against_pragmas(application, database);
}

/// A transaction that is written to the WAL in part, for want of cache, and then rolled back.
constexpr const char* kSpilled = "BEGIN; UPDATE t SET b = randomblob(900) WHERE id <= 80; ROLLBACK";

TEST_CASE("the end of a generation is found behind the reset that followed it") {
  const bool spill_before = GENERATE(false, true);
  const bool spill_after = GENERATE(false, true);
  const int next_rows = GENERATE(1, 60);
  CAPTURE(spill_before, spill_after, next_rows);
  const TemporaryDirectory directory;
  const std::string database = directory / "a.db";
  SqliteApplication application(database);
  start_wal(application);
  application.exec("PRAGMA cache_size = 10");
  application.exec("CREATE TABLE t(id INTEGER PRIMARY KEY, b)");
  application.exec(insert(30));
  const WalIndex seen = index_of(database);

  application.exec(insert(180));
  if (spill_before) application.exec(kSpilled);
  const CheckpointAnswer truth = checkpoint(application, "FULL");
  REQUIRE(truth.busy == 0);
  const File wal = opened(database + "-wal");
  CHECK((salts_of(wal, truth.log + 1) == seen.salts) == spill_before);
  application.exec(insert(next_rows));  // resets the WAL
  if (spill_after) application.exec(kSpilled);

  const WalIndex now = index_of(database);
  REQUIRE(now.salts.salt1 == seen.salts.salt1 + 1);
  REQUIRE(now.mx_frame < truth.log);
  CHECK((salts_of(wal, now.mx_frame + 1) == now.salts) == spill_after);
  const auto status = wal.status();
  REQUIRE(status);
  const auto end = last_committed_frame_of(wal, status->size, now.page_size,
                                           {seen.salts, seen.mx_frame}, now.salts, now.mx_frame);
  REQUIRE(end);
  CHECK(*end == truth.log);
}

}  // namespace
}  // namespace sqlite_exporter
