/// Page 1 under load: what a look says of a database must have been true at one commit.
#include <cstdint>
#include <sstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

constexpr int kReads = 10'000;
constexpr int kMostAttempts = 20 * kReads;

/// Each transaction writes its number in three places, and every second one has the big row, whose
/// pages are free after the others.
constexpr const char* kWork =
    "pragma user_version=@; pragma application_id=@; pragma schema_version=@; "
    "delete from big where @%2=0; insert into big select 1, zeroblob(20000) where @%2=1";
constexpr const char* kCreate = "create table big(id integer primary key, x)";

std::string pragmas(SqliteApplication& reader) {
  std::string values;
  for (const char* name : {"page_count", "freelist_count", "schema_version", "user_version",
                           "application_id", "page_size"})
    values += reader.query(std::string("pragma ").append(name)) + '|';
  return values;
}

std::string observed(const DatabaseHeader& header, std::uint32_t pages) {
  std::ostringstream values;
  values << pages << '|' << header.freelist_count << '|' << header.schema_cookie << '|'
         << header.user_version << '|' << header.application_id << '|' << header.page_size << '|';
  return values.str();
}

TEST_CASE("page 1 is that of one commit in each of 10,000 reads beside a writer at full speed") {
  const TemporaryDirectory directory;
  SqliteApplication writer(directory / "app.db");
  writer.exec("pragma journal_mode=wal; pragma synchronous=off");
  writer.exec(kCreate);
  const auto free_without = [&] {
    writer.exec("begin; insert into big values (1, zeroblob(20000)); delete from big");
    const std::string free = writer.query("pragma freelist_count");
    writer.exec("rollback");
    return static_cast<std::uint32_t>(std::stoul(free));
  }();
  REQUIRE(free_without > 0);
  Observer observer(directory / "app.db");
  observer.sample();
  writer.start({.work = kWork});

  int stable = 0;
  std::uint32_t last = 0;
  std::uint32_t first = 0;
  const Node node;
  LookState state;
  for (int attempt = 0; attempt < kMostAttempts && stable < kReads; ++attempt) {
    if (attempt % 100 == 0) observer.sample();
    const Result<Look> look = take_look(directory / "app.db", node, observer.latest(), state);
    if (!look && look.error().code == Errc::busy) continue;
    REQUIRE(look);
    if (!look->header || look->header->user_version == 0) continue;
    const DatabaseHeader& header = *look->header;
    const std::uint32_t number = header.user_version;
    REQUIRE(header.application_id == number);
    REQUIRE(header.schema_cookie == number);
    REQUIRE(header.freelist_count == (number % 2 == 0 ? free_without : 0));
    REQUIRE(look->index);
    REQUIRE(header.page_count == look->index->n_page);
    REQUIRE(number >= last);
    if (first == 0) first = number;
    last = number;
    ++stable;
  }
  const Account account = writer.stop();
  CHECK(stable == kReads);
  CHECK(last <= account.transactions);
  CHECK(last - first > 100);  // it did move
}

TEST_CASE("page 1 is what the pragmas of another process say, whenever the writer pauses") {
  const TemporaryDirectory directory;
  SqliteApplication writer(directory / "app.db");
  writer.exec("pragma journal_mode=wal; pragma synchronous=off");
  writer.exec(kCreate);
  SqliteApplication reader(directory / "app.db");
  Observer observer(directory / "app.db");
  for (int round = 0; round < 50; ++round) {
    writer.start({.work = kWork});
    observer.sample();
    writer.stop();
    reader.exec("begin");
    const std::string truth = pragmas(reader);
    observer.sample();
    const Look look = observer.look();
    REQUIRE(look.header);
    REQUIRE(look.index);
    CHECK(observed(*look.header, look.index->n_page) == truth);
    reader.exec("commit");
  }
}

}  // namespace
}  // namespace sqlite_exporter::test
