/// The collector `locks` over the locks of real applications: the exact exposition.
#include "collectors/locks.h"

#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

std::string seconds(const std::string& lock, const std::string& value) {
  return "sqlite_lock_held_seconds_total{database=\"app\",lock=\"" + lock + "\"} " + value + '\n';
}

std::string hold(const std::string& lock, const std::string& value) {
  return "sqlite_lock_current_hold_seconds{database=\"app\",lock=\"" + lock + "\"} " + value + '\n';
}

std::string wal_seconds(const std::string& write, const std::string& read) {
  return seconds("write", write) + seconds("checkpoint", "0") + seconds("recover", "0") +
         seconds("read", read);
}

std::string rollback_seconds(const std::string& reserved, const std::string& pending,
                             const std::string& exclusive, const std::string& read) {
  return seconds("reserved", reserved) + seconds("pending", pending) +
         seconds("exclusive", exclusive) + seconds("read", read);
}

TEST_CASE("a database that is absent or no database has no locks") {
  const TemporaryDirectory directory;
  Observer observer(directory / "app.db");
  CHECK(observer.text({"locks"}).empty());
}

TEST_CASE("no hold has lasted less than no time") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal; create table t(x); begin immediate");
  Observer observer(directory / "app.db");
  observer.sample();
  Look look = observer.look();
  look.sample.taken -= std::chrono::seconds(1);  // as if the last sample had failed half-way
  Batch batch;
  REQUIRE(kLocksCollector.look(look, batch));
  REQUIRE_FALSE(batch.readings().empty());
  for (const Reading& reading : batch.readings()) CHECK(reading.value >= 0);
}

TEST_CASE("locks of a database in WAL mode") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal; create table t(x); insert into t values (1), (2)");
  Observer observer(directory / "app.db");
  CHECK(observer.text({"locks"}) == wal_seconds("0", "0"));

  SECTION("a writer, which reads too") {
    app.exec("begin immediate");
    CHECK(observer.text({"locks"}) == hold("write", "0") + wal_seconds("0.1", "0.1"));
    CHECK(observer.text({"locks"}).find(seconds("write", "0.2")) != std::string::npos);
    app.exec("commit");
    CHECK(observer.text({"locks"}) == wal_seconds("0.2", "0.2"));
  }
  SECTION("a reader") {
    app.step("select x from t");
    CHECK(observer.text({"locks"}) == wal_seconds("0", "0.1"));
    app.finish();
    CHECK(observer.text({"locks"}) == wal_seconds("0", "0.1"));
  }
  SECTION("after the last close") {
    app.exec("begin immediate");
    observer.sample();
    app.exec("rollback");
    app.close();
    CHECK(observer.text({"locks"}) == wal_seconds("0.1", "0.1"));
  }
}

TEST_CASE("a hold lasts while its process does not commit") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal; create table t(x); begin immediate");
  Observer observer(directory / "app.db");
  observer.sample();
  observer.pass(std::chrono::seconds(40));
  const double held = observer.value("sqlite_lock_current_hold_seconds");
  CHECK(held >= 40);
  app.exec("insert into t values (1)");
  CHECK(observer.value("sqlite_lock_current_hold_seconds") >= held);
  app.exec("commit; begin immediate");
  observer.pass(std::chrono::seconds(1));
  CHECK(observer.value("sqlite_lock_current_hold_seconds") == 0);
}

TEST_CASE("locks of a database in rollback mode") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x); insert into t values (1), (2)");
  Observer observer(directory / "app.db");
  CHECK(observer.text({"locks"}) == rollback_seconds("0", "0", "0", "0"));
  SECTION("a reader") {
    app.step("select x from t");
    CHECK(observer.text({"locks"}) == rollback_seconds("0", "0", "0", "0.1"));
  }
  SECTION("a writer") {
    app.exec("begin immediate");
    CHECK(observer.text({"locks"}) ==
          hold("reserved", "0") + rollback_seconds("0.1", "0", "0", "0.1"));
  }
  SECTION("a writer that writes into the file") {
    app.exec("begin exclusive");
    CHECK(observer.text({"locks"}) == hold("reserved", "0") + hold("pending", "0") +
                                          hold("exclusive", "0") +
                                          rollback_seconds("0.1", "0.1", "0.1", "0"));
  }
  SECTION("a writer that waits for a reader") {
    SqliteApplication reader(directory / "app.db");
    reader.step("select x from t");
    app.exec("begin immediate; insert into t values (3)");
    CHECK_THROWS(app.exec("commit"));
    CHECK(observer.text({"locks"}) == hold("reserved", "0") + hold("pending", "0") +
                                          rollback_seconds("0.1", "0.1", "0", "0.1"));
  }
}

TEST_CASE("locks of the mode before stay once they were seen") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x); begin immediate");
  Observer observer(directory / "app.db");
  observer.sample();
  app.exec("commit; pragma journal_mode=wal");
  app.query("select count(*) from t");
  CHECK(observer.text({"locks"}) == seconds("write", "0") + seconds("checkpoint", "0") +
                                        seconds("recover", "0") + seconds("reserved", "0.1") +
                                        seconds("read", "0.1"));
}

}  // namespace
}  // namespace sqlite_exporter::test
