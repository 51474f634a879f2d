/// The collector `database` against real databases in every state it names: the exact exposition.
#include "collectors/database.h"

#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

TEST_CASE("an absent database is a success with state absent") {
  const TemporaryDirectory directory;
  Observer observer(directory / "app.db");
  CHECK(observer.text() ==
        "sqlite_database_state{database=\"app\",state=\"absent\"} 1\n"
        "sqlite_database_unseen_epochs_total{database=\"app\"} 0\n"
        "sqlite_transactions_total{database=\"app\"} 0\n");
}

TEST_CASE("a file of zero length is an empty database") {
  const TemporaryDirectory directory;
  std::ofstream(directory / "app.db").close();
  Observer observer(directory / "app.db");
  CHECK(observer.text() ==
        "sqlite_database_file_size_bytes{database=\"app\"} 0\n"
        "sqlite_database_state{database=\"app\",state=\"empty\"} 1\n"
        "sqlite_database_unseen_epochs_total{database=\"app\"} 0\n"
        "sqlite_transactions_total{database=\"app\"} 0\n");
}

TEST_CASE("a file of something else is not a database") {
  const TemporaryDirectory directory;
  std::ofstream(directory / "app.db") << std::string(5000, 'x');
  Observer observer(directory / "app.db");
  CHECK(observer.text() ==
        "sqlite_database_file_size_bytes{database=\"app\"} 5000\n"
        "sqlite_database_state{database=\"app\",state=\"not_a_database\"} 1\n"
        "sqlite_database_unseen_epochs_total{database=\"app\"} 0\n"
        "sqlite_transactions_total{database=\"app\"} 0\n");
}

TEST_CASE("a broken page size behind the magic is a corrupt header") {
  const TemporaryDirectory directory;
  {
    SqliteApplication(directory / "app.db").exec("create table t(x)");
  }
  std::fstream file(directory / "app.db", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(16).write("\x03\x01", 2);
  file.close();
  Observer observer(directory / "app.db");
  CHECK(observer.line("sqlite_database_state") ==
        "sqlite_database_state{database=\"app\",state=\"corrupt_header\"} 1");
  CHECK(observer.line("sqlite_database_pages").empty());
}

TEST_CASE("a live database in WAL mode is reported from its newest page 1") {
  const TemporaryDirectory directory;
  Observer observer(directory / "app.db");
  observer.sample();
  SqliteApplication app(directory / "app.db");
  app.exec("pragma auto_vacuum=incremental; pragma journal_mode=wal; pragma wal_autocheckpoint=0");
  app.exec("create table t(x); pragma user_version=-7; pragma application_id=99");
  app.exec("insert into t values (randomblob(200000)); delete from t");
  CHECK(observer.text() ==
        "sqlite_database_application_id{database=\"app\"} 99\n"
        "sqlite_database_file_size_bytes{database=\"app\"} 4096\n"
        "sqlite_database_freelist_pages{database=\"app\"} " +
            app.query("pragma freelist_count") +
            "\nsqlite_database_page_size_bytes{database=\"app\"} 4096\n"
            "sqlite_database_pages{database=\"app\"} " +
            app.query("pragma page_count") + "\nsqlite_database_schema_version{database=\"app\"} " +
            app.query("pragma schema_version") +
            "\nsqlite_database_state{database=\"app\",state=\"wal_live\"} 1\n"
            "sqlite_database_unseen_epochs_total{database=\"app\"} 0\n"
            "sqlite_database_user_version{database=\"app\"} -7\n"
            "sqlite_transactions_total{database=\"app\"} 5\n"
            "sqlite_wal_backfilled_frames{database=\"app\"} 0\n"
            "sqlite_wal_file_size_bytes{database=\"app\"} " +
            std::to_string(std::filesystem::file_size(directory / "app.db-wal")) +
            "\nsqlite_wal_frames{database=\"app\"} " +
            std::to_string(static_cast<int>(observer.value("sqlite_wal_frames"))) +
            "\nsqlite_wal_frames_written_total{database=\"app\"} " +
            std::to_string(static_cast<int>(observer.value("sqlite_wal_frames"))) +
            "\nsqlite_wal_resets_total{database=\"app\"} 0\n"
            "sqlite_wal_unseen_generations_total{database=\"app\"} 0\n");
  CHECK(std::stoi(app.query("pragma freelist_count")) > 0);
  CHECK(observer.line("sqlite_database_info") ==
        "sqlite_database_info{database=\"app\",path=\"" + directory / "app.db" +
            "\",journal_mode=\"wal\",auto_vacuum=\"incremental\",encoding=\"UTF-8\","
            "sqlite_version=\"" +
            app.query("select sqlite_version()") + "\",mountpoint=\"/\"} 1");
}

TEST_CASE("path and mountpoint are named as the node names them") {
  const TemporaryDirectory directory;
  SqliteApplication(directory / "app.db").exec("create table t(x)");
  Observer observer(directory / "app.db");
  const std::string root = directory.path().parent_path();
  observer.node().paths.rootfs = root;
  observer.node().mounts = MountTable({{"/", "ext4", "/dev/a"}, {root, "ext4", "/dev/b"}});
  const std::string line = observer.line("sqlite_database_info");
  const std::string name = directory.path().filename();
  CHECK(line.find("path=\"/" + name + "/app.db\"") != std::string::npos);
  CHECK(line.find("mountpoint=\"/\"") != std::string::npos);
}

TEST_CASE("a live database whose header is overwritten still shows its WAL") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal; create table t(x); pragma wal_checkpoint(truncate)");
  app.exec("insert into t values (1)");  // page 1 is not in the WAL
  std::fstream file(directory / "app.db", std::ios::in | std::ios::out | std::ios::binary);
  file.write("overwritten", 11);
  file.close();
  Observer observer(directory / "app.db");
  const std::string text = observer.text();
  CHECK(text.find("state=\"not_a_database\"") != std::string::npos);
  CHECK(text.find("state=\"wal_live\"") != std::string::npos);
  CHECK(text.find("sqlite_wal_frames{database=\"app\"}") != std::string::npos);
  CHECK(text.find("sqlite_database_user_version") == std::string::npos);
}

TEST_CASE("a schema version is signed, as SQLite shows it") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x); pragma schema_version=-5");
  Observer observer(directory / "app.db");
  CHECK(std::to_string(static_cast<int>(observer.value("sqlite_database_schema_version"))) ==
        app.query("pragma schema_version"));
}

TEST_CASE("a cleanly closed database in WAL mode is clean and reported from its file") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal; create table t(x); insert into t values (1)");
  const std::string pages = app.query("pragma page_count");
  app.close();
  Observer observer(directory / "app.db");
  CHECK(observer.line("sqlite_database_state") ==
        "sqlite_database_state{database=\"app\",state=\"wal_clean\"} 1");
  CHECK(observer.line("sqlite_database_pages") ==
        "sqlite_database_pages{database=\"app\"} " + pages);
  CHECK(observer.value("sqlite_wal_frames") == 0);
}

TEST_CASE("a crashed database in WAL mode says nothing that its leftovers leave open") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal; create table t(x); insert into t values (1)");
  Observer observer(directory / "app.db");
  observer.sample();
  app.kill();
  CHECK(observer.line("sqlite_database_pages").empty());
  CHECK(observer.line("sqlite_wal_frames").empty());
  CHECK(observer.line("sqlite_database_state") ==
        "sqlite_database_state{database=\"app\",state=\"wal_unrecovered\"} 1");
  CHECK(observer.value("sqlite_wal_file_size_bytes") > 0);
}

TEST_CASE("a database in rollback mode counts its commits") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x)");
  Observer observer(directory / "app.db");
  CHECK(observer.value("sqlite_transactions_total") == 0);
  app.exec("insert into t values (1)");
  app.exec("insert into t values (2)");
  CHECK(observer.text() ==
        "sqlite_database_application_id{database=\"app\"} 0\n"
        "sqlite_database_file_size_bytes{database=\"app\"} 8192\n"
        "sqlite_database_freelist_pages{database=\"app\"} 0\n"
        "sqlite_database_page_size_bytes{database=\"app\"} 4096\n"
        "sqlite_database_pages{database=\"app\"} 2\n"
        "sqlite_database_schema_version{database=\"app\"} 1\n"
        "sqlite_database_state{database=\"app\",state=\"rollback_idle\"} 1\n"
        "sqlite_database_unseen_epochs_total{database=\"app\"} 0\n"
        "sqlite_database_user_version{database=\"app\"} 0\n"
        "sqlite_transactions_total{database=\"app\"} 2\n");
}

TEST_CASE("a restore by cp in rollback mode adds no transactions that never were") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x)");
  std::filesystem::copy_file(directory / "app.db", directory / "backup");
  for (int i = 0; i < 10; ++i) app.exec("insert into t values (1)");
  Observer observer(directory / "app.db");
  observer.sample();
  CHECK(observer.value("sqlite_transactions_total") == 0);
  app.close();
  std::filesystem::copy_file(directory / "backup", directory / "app.db",
                             std::filesystem::copy_options::overwrite_existing);
  CHECK(observer.value("sqlite_transactions_total") == 0);
  app.open(directory / "app.db");
  app.exec("insert into t values (1)");
  CHECK(observer.value("sqlite_transactions_total") == 1);
}

TEST_CASE("what a writer has not committed in rollback mode is not reported") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x); pragma cache_size=1; pragma cache_spill=1");
  Observer observer(directory / "app.db");
  CHECK(observer.value("sqlite_database_pages") == 2);
  app.exec(
      "begin; insert into t select randomblob(3000) from "
      "(with recursive n(i) as (select 1 union all select i+1 from n limit 200) select i from n)");
  REQUIRE(std::filesystem::file_size(directory / "app.db") > 8192);  // it has spilled into the file
  CHECK(observer.line("sqlite_database_pages").empty());
  app.exec("rollback");
  CHECK(observer.value("sqlite_database_pages") == 2);
}

TEST_CASE("a hot journal leaves open what the database holds") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x); pragma cache_size=1; pragma cache_spill=1");
  app.exec(
      "begin; insert into t select randomblob(3000) from "
      "(with recursive n(i) as (select 1 union all select i+1 from n limit 200) select i from n)");
  REQUIRE(std::filesystem::file_size(directory / "app.db") > 8192);
  app.kill();
  Observer observer(directory / "app.db");
  CHECK(observer.line("sqlite_database_pages").empty());
  SqliteApplication next(directory / "app.db");
  CHECK(next.query("select count(*) from t") == "0");  // rolls it back
  CHECK(observer.value("sqlite_database_pages") == 2);
}

TEST_CASE("an idle journal of journal_mode=PERSIST or TRUNCATE is not hot") {
  const TemporaryDirectory directory;
  const std::string mode = GENERATE("persist", "truncate");
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=" + mode + "; create table t(x); insert into t values (1)");
  REQUIRE(std::filesystem::exists(directory / "app.db-journal"));
  Observer observer(directory / "app.db");
  CHECK(observer.value("sqlite_database_pages") == 2);
}

}  // namespace
}  // namespace sqlite_exporter::test
