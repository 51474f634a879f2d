/// Real databases whose bytes the test makes ciphertext of, as each kind of cipher leaves them:
/// what stays plain is told, and nothing else.
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/ciphertext.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/states.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWal = "pragma journal_mode=wal; pragma wal_autocheckpoint=0";
constexpr const char* kSpilledTransaction =
    "pragma cache_size=1; begin; insert into t select randomblob(3000) from "
    "(with recursive n(i) as (select 1 union all select i+1 from n limit 200) select i from n)";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// What is in pages that nobody can read.
void check_nothing_of_pages(Observer& observer) {
  const std::string text = observer.text();
  for (const char* family : {"freelist_pages", "schema_version", "user_version", "application_id"})
    CHECK_FALSE(contains(text, std::string("sqlite_database_") + family));
  const std::string info = observer.line("sqlite_database_info");
  CHECK(contains(info, "auto_vacuum=\"\",encoding=\"\",sqlite_version=\"\""));
}

TEST_CASE("of a live database with encrypted pages all is told that is not in them") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec(kWal);
  app.exec("create table t(x); insert into t values (1)");
  app.exec("pragma wal_checkpoint; insert into t values (2)");
  SqliteApplication reader(path);
  reader.step("select x from t");
  app.exec("insert into t values (3)");
  app.exec("pragma wal_checkpoint");  // up to the reader
  const std::string what =
      GENERATE("whole", "but for the page size", "but for a plain header", "WAL");
  CAPTURE(what);
  if (what == "but for the page size") {
    encrypt_file(path, 0, 1, 16);
    encrypt_file(path, 24);
  } else {
    encrypt_file(path, what == "but for a plain header" ? 32 : 0);
  }
  if (what == "WAL") encrypt_file(path + "-wal");

  Observer observer(path);
  CHECK(states(observer) == States{"encrypted", "wal_live"});
  app.exec("insert into t values (4)");
  CHECK(states(observer) == States{"encrypted", "wal_live"});
  CHECK(observer.value("sqlite_wal_frames") == 3);
  CHECK(observer.value("sqlite_wal_backfilled_frames") == 1);
  CHECK(observer.value("sqlite_database_pages") == 2);
  CHECK(observer.value("sqlite_database_page_size_bytes") == 4096);
  CHECK(contains(observer.text({"readers"}), "sqlite_wal_pinned_frames{database=\"app\"} 2\n"));
  check_nothing_of_pages(observer);
}

TEST_CASE("a WAL of which nothing is plain stays live through resets and checkpoints") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec(kWal);
  app.exec("create table t(x)");
  app.exec("pragma wal_checkpoint(truncate); insert into t values (1)");
  encrypt_file(path);
  Observer observer(path);
  for (std::uint32_t round = 0; round < 20; ++round) {
    app.exec("insert into t values (randomblob(5000))");
    encrypt_file(path + "-wal", 0, round);
    CHECK(names_of(observer.look().states) == States{"encrypted", "wal_live"});
    app.exec("pragma wal_checkpoint(truncate)");
    encrypt_file(path, 0, round);
    CHECK(names_of(observer.look().states) == States{"encrypted", "wal_live"});
  }
}

TEST_CASE("each commit encrypts page 1 anew, and no series changes with it") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  {
    SqliteApplication app(path);
    app.exec("create table t(x); insert into t values (1)");
  }
  fs::copy_file(path, directory / "plain");
  std::set<std::string> infos;
  Observer observer(path);
  for (std::uint32_t iv = 1; iv <= 50; ++iv) {
    fs::copy_file(directory / "plain", path, fs::copy_options::overwrite_existing);
    encrypt_file(path, 32, iv);
    CHECK(names_of(observer.look().states) == States{"encrypted", "rollback_idle"});
    CHECK(observer.value("sqlite_database_pages") == 2);
    check_nothing_of_pages(observer);
    infos.insert(observer.line("sqlite_database_info"));
  }
  CHECK(infos.size() == 1);
  CHECK(contains(*infos.begin(), "journal_mode=\"rollback\""));
}

TEST_CASE("commits of a database with a plain change counter are counted") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("create table t(x)");
  fs::copy_file(path, directory / "copy");
  encrypt_file(path, 32);
  Observer observer(path);
  CHECK(observer.value("sqlite_transactions_total") == 0);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(27);
  const char counter = static_cast<char>(file.get() + 3);
  file.seekp(27).put(counter);
  file.close();
  CHECK(observer.value("sqlite_transactions_total") == 3);
}

TEST_CASE("an encrypted database that crashed in WAL mode has frames to recover") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec(kWal);
  app.exec("create table t(x); insert into t values (1)");
  app.kill();
  const bool without_index = GENERATE(false, true);
  if (without_index) fs::remove(path + "-shm");
  SECTION("encrypted whole") {
    SUCCEED("prepared");  // what is asserted follows
    encrypt_file(path);
  }
  SECTION("behind a plain header") {
    SUCCEED("prepared");  // what is asserted follows
    encrypt_file(path, 32);
  }
  Observer observer(path);
  CHECK(states(observer) == States{"encrypted", "wal_unrecovered"});
  CHECK(observer.value("sqlite_database_page_size_bytes") == 4096);
  CHECK(observer.line("sqlite_database_pages").empty());
  check_nothing_of_pages(observer);
}

TEST_CASE("of a crash that left nothing plain nothing is said") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec(kWal);
  app.exec("create table t(x); insert into t values (1)");
  app.kill();
  encrypt_file(path);
  encrypt_file(path + "-wal");
  Observer observer(path);
  CHECK(states(observer) == States{"encrypted"});
}

TEST_CASE("an encrypted database whose writer died in rollback mode has a hot journal") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("create table t(x)");
  app.exec(kSpilledTransaction);
  app.kill();
  Observer observer(path);
  SECTION("encrypted whole") {
    encrypt_file(path);
    CHECK(states(observer) == States{"encrypted", "hot_journal"});
  }
  SECTION("behind a plain header") {
    encrypt_file(path, 32);
    CHECK(states(observer) == States{"encrypted", "hot_journal"});
  }
  SECTION("with its journal, which may be an idle one") {
    encrypt_file(path);
    encrypt_file(path + "-journal");
    CHECK(states(observer) == States{"encrypted"});
  }
}

TEST_CASE("locks of an encrypted database in rollback mode show that it is used") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("create table t(x)");
  app.exec("begin immediate; insert into t values (1)");
  encrypt_file(path);
  Observer observer(path);
  CHECK(states(observer) == States{"encrypted", "rollback_active"});
}

TEST_CASE("who has an encrypted database open without its WAL is not taken for a reader") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec(kWal);
  app.exec("create table t(x); insert into t values (1)");
  encrypt_file(path);
  fs::remove(path + "-wal");
  fs::remove(path + "-shm");
  Observer observer(path);
  CHECK(states(observer) == States{"encrypted"});
}

TEST_CASE("an encrypted database that was closed well is clean if its header says WAL") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  {
    SqliteApplication app(path);
    app.exec(kWal);
    app.exec("create table t(x); insert into t values (1)");
  }
  encrypt_file(path, 32);
  Observer observer(path);
  CHECK(states(observer) == States{"encrypted", "wal_clean"});
  CHECK(observer.value("sqlite_database_pages") == 2);
  encrypt_file(path, 0, 1, 32);
  CHECK(states(observer) == States{"encrypted"});
}

TEST_CASE("a page 1 that becomes ciphertext in the WAL is not believed") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec(kWal);
  app.exec("create table t(x)");
  Observer observer(path);
  CHECK(observer.value("sqlite_database_schema_version") == 1);
  encrypt_file(path + "-wal", 32 + 24 + 32);  // behind the header of its first page
  CHECK(states(observer) == States{"wal_live"});
  CHECK(observer.line("sqlite_database_schema_version").empty());
  CHECK(observer.line("sqlite_database_info").empty());
}

TEST_CASE("a newer format has its locks and the sizes of Turso's files") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication app(path);
  app.exec("create table t(x)");
  app.exec("begin immediate");
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(18).write("\xff\xff", 2);
  file.close();
  std::ofstream(path + "-log") << std::string(300, 'l');
  std::ofstream(path + "-tshm") << std::string(20, 't');
  Observer observer(path);
  CHECK(states(observer) == States{"newer_format"});
  CHECK(observer.look().database_locks.reserved.has_value());
  CHECK(observer.text() ==
        "sqlite_database_file_size_bytes{database=\"app\"} 8192\n"
        "sqlite_database_side_file_size_bytes{database=\"app\",file=\"log\"} 300\n"
        "sqlite_database_side_file_size_bytes{database=\"app\",file=\"tshm\"} 20\n"
        "sqlite_database_state{database=\"app\",state=\"newer_format\"} 1\n");
}

TEST_CASE("files of these names beside a database of SQLite's are nobody's business") {
  const TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  SqliteApplication(path).exec("create table t(x)");
  std::ofstream(path + "-log") << "a log of the application";
  Observer observer(path);
  CHECK_FALSE(contains(observer.text(), "sqlite_database_side_file_size_bytes"));
}

}  // namespace
}  // namespace sqlite_exporter::test
