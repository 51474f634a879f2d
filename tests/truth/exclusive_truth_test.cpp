/// The WAL of a connection that keeps everybody else out, against what that connection says.
#include <string>

#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"
#include "tests/truth/random_instants.h"

namespace sqlite_exporter::test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST_CASE("three readings of a live exclusive WAL are what its application says") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma locking_mode=exclusive; pragma journal_mode=wal; pragma synchronous=off");
  app.exec("create table t(x)");
  Observer observer(directory / "app.db");
  const double before = observer.value("sqlite_transactions_total");
  std::uint64_t transactions = 0;
  for (int reading = 0; reading < 3; ++reading) {
    const Load load{.work = "insert into t values (randomblob(3000))",
                    .period = microseconds(5000)};
    app.start(load);
    RandomInstants instants(milliseconds(100));
    for (int i = 0; i < 5; ++i) {
      instants.next();
      observer.sample();
    }
    transactions += app.stop().transactions;
    CHECK(observer.value("sqlite_transactions_total") ==
          before + static_cast<double>(transactions));
    CHECK(observer.value("sqlite_database_pages") == std::stod(app.query("pragma page_count")));
    CHECK(observer.value("sqlite_database_schema_version") ==
          std::stod(app.query("pragma schema_version")));
    // log, the second column, is mxFrame; a checkpoint takes no frame away.
    const std::string row = app.query("pragma wal_checkpoint(passive)");
    const std::string log = row.substr(row.find('|') + 1);
    CHECK(observer.value("sqlite_wal_frames") == std::stod(log));
  }
  CHECK(transactions > 0);
}

TEST_CASE("transactions in an exclusive WAL are never more than there were") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma locking_mode=exclusive; pragma journal_mode=wal; pragma synchronous=off");
  app.exec("create table t(x)");
  Observer observer(directory / "app.db");
  const double before = observer.value("sqlite_transactions_total");
  const auto period = GENERATE(microseconds(500), microseconds(0));
  CAPTURE(period.count());
  app.start({.work = "insert into t values (randomblob(3000))", .period = period});
  RandomInstants instants(milliseconds(100));
  WalTotals last;
  for (int i = 0; i < 15; ++i) {
    instants.next();
    const WalTotals& now = observer.sample().totals;
    REQUIRE(now.transactions >= last.transactions);
    REQUIRE(now.frames_written >= last.frames_written);
    last = now;
  }
  const Account account = app.stop();
  const double counted = observer.value("sqlite_transactions_total") - before;
  CHECK(counted > 0);
  CHECK(counted <= static_cast<double>(account.transactions));
  CHECK(observer.latest().totals.frames_written <= account.frames);
  CHECK(observer.value("sqlite_database_pages") == std::stod(app.query("pragma page_count")));
}

}  // namespace
}  // namespace sqlite_exporter::test
