/// The guard of a statement: it sees a writer that waits, frames that pile up, and the end.
#include "exporter/sql/statement_guard.h"

#include <future>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

std::future<std::optional<StatementHarm>> watch(StatementGuard& guard) {
  return std::async(std::launch::async, [&guard] { return guard.watch(); });
}

TEST_CASE("a statement that does no harm is watched until its end") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x)");
  for (const SqlAccess access : {SqlAccess::rollback, SqlAccess::wal}) {
    if (access == SqlAccess::wal) app.exec("pragma journal_mode=wal; insert into t values (1)");
    StatementGuard guard(directory / "app.db", access, 1000);
    auto harm = watch(guard);
    app.exec("insert into t values (2)");
    guard.end();
    CHECK(harm.get() == std::nullopt);
  }
}

TEST_CASE("a writer that waits for readers is seen in rollback mode") {
  const TemporaryDirectory directory;
  SqliteApplication writer(directory / "app.db");
  writer.exec("create table t(x); insert into t values (1), (2); pragma busy_timeout=0");
  SqliteApplication reader(directory / "app.db");
  reader.step("select x from t");
  StatementGuard guard(directory / "app.db", SqlAccess::rollback, 1000);
  auto harm = watch(guard);
  // Its commit is refused, and PENDING stays until it gives up.
  writer.exec("begin; insert into t values (3)");
  CHECK_THROWS(writer.exec("commit"));
  CHECK(harm.get() == StatementHarm::writer_waits);
}

TEST_CASE("a writer that has the file for itself waits for nobody") {
  const TemporaryDirectory directory;
  SqliteApplication writer(directory / "app.db");
  writer.exec("create table t(x); begin exclusive; insert into t values (1)");
  StatementGuard guard(directory / "app.db", SqlAccess::rollback, 1000);
  auto harm = watch(guard);
  CHECK(harm.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout);
  guard.end();
  CHECK(harm.get() == std::nullopt);
}

TEST_CASE("frames beyond the limit are seen, and a reset begins anew") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal; create table t(x); insert into t values (0)");
  StatementGuard guard(directory / "app.db", SqlAccess::wal, 50);
  auto harm = watch(guard);
  for (int i = 0;
       i < 200 && harm.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready; ++i) {
    app.exec("insert into t values (1)");
    app.query("pragma wal_checkpoint(restart)");
  }
  CHECK(harm.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  for (int i = 0; i < 60; ++i) app.exec("insert into t values (1)");
  CHECK(harm.get() == StatementHarm::pinned_frames);
}

TEST_CASE("what cannot be read does no harm") {
  const TemporaryDirectory directory;
  CHECK(StatementGuard(directory / "absent.db", SqlAccess::wal, 1).watch() == std::nullopt);
  CHECK(StatementGuard(directory / "absent.db", SqlAccess::rollback, 1).watch() == std::nullopt);
}

}  // namespace
}  // namespace sqlite_exporter::test
