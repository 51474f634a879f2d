/// Page counts that a header tells and its file does not bear out.
#include "collectors/page_counts.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

/// 50 pages in the file, 12 of them free.
Look look_at(std::uint32_t pages, std::uint32_t freelist) {
  Look look;
  look.database.emplace().size = std::uint64_t{50} * 4096;
  DatabaseHeader& header = look.header.emplace();
  header.page_size = 4096;
  header.page_count = pages;
  header.page_count_valid = true;
  header.freelist_count = freelist;
  return look;
}

TEST_CASE("page counts that the file holds are told") {
  const PageCounts counts = page_counts_of(look_at(50, 12));
  CHECK(counts.pages == 50U);
  CHECK(counts.freelist == 12U);
  CHECK(page_counts_of(look_at(49, 0)).pages == 49U);  // SQLITE_FCNTL_CHUNK_SIZE
}

TEST_CASE("more pages than the file has are left out, and free ones only if there are so many") {
  CHECK_FALSE(page_counts_of(look_at(51, 0)).pages);
  CHECK_FALSE(page_counts_of(look_at(0x7fffffff, 12)).pages);
  CHECK(page_counts_of(look_at(0x7fffffff, 12)).freelist == 12U);
  CHECK_FALSE(page_counts_of(look_at(0x7fffffff, 0xffffffff)).freelist);
}

TEST_CASE("free pages are fewer than pages") {
  CHECK(page_counts_of(look_at(50, 49)).freelist == 49U);
  CHECK_FALSE(page_counts_of(look_at(50, 50)).freelist);
  CHECK_FALSE(page_counts_of(look_at(50, 0xffffffff)).freelist);
  CHECK(page_counts_of(look_at(0, 0)).freelist == 0U);
}

TEST_CASE("a WAL has pages that the file has not got yet, one in a frame") {
  Look look = look_at(50, 12);
  WalIndex& index = look.index.emplace();
  index.n_page = 60;
  index.mx_frame = 10;
  CHECK(page_counts_of(look).pages == 60U);
  look.header->freelist_count = 55;
  CHECK(page_counts_of(look).freelist == 55U);
  index.n_page = 61;  // the page of the lock bytes has no frame
  CHECK(page_counts_of(look).pages == 61U);
  index.n_page = 62;
  CHECK_FALSE(page_counts_of(look).pages);
}

TEST_CASE("a header whose pages are of another size than the WAL's says nothing of their number") {
  Look look = look_at(50, 12);
  WalIndex& index = look.index.emplace();
  index.n_page = 2;
  index.mx_frame = 3;
  index.page_size = 4096;
  CHECK(page_counts_of(look).pages == 2U);
  index.page_size = 16384;
  CHECK_FALSE(page_counts_of(look).pages);
}

TEST_CASE("of a database that was cut short the header's page counts are left out") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  test::SqliteApplication app(path);
  app.exec("create table t(x); insert into t values (zeroblob(100000))");
  test::Observer observer(path);
  CHECK(observer.value("sqlite_database_pages") == std::stod(app.query("pragma page_count")));
  std::filesystem::resize_file(path, 4096);
  CHECK(observer.line("sqlite_database_pages").empty());
  CHECK(observer.value("sqlite_database_freelist_pages") == 0);
}

TEST_CASE("a live WAL keeps its own page count, however small the file") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  test::SqliteApplication app(path);
  app.exec("pragma journal_mode=wal; pragma wal_autocheckpoint=0");
  app.exec("create table t(x); insert into t values (zeroblob(1000000))");
  app.exec("delete from t");
  test::Observer observer(path);
  CHECK(std::filesystem::file_size(path) == 4096);
  CHECK(observer.value("sqlite_database_pages") == std::stod(app.query("pragma page_count")));
  CHECK(observer.value("sqlite_database_freelist_pages") ==
        std::stod(app.query("pragma freelist_count")));
}

}  // namespace
}  // namespace sqlite_exporter
