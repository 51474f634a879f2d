/// The guard of a statement: it sees frames that pile up, and the end.
#include "exporter/sql/statement_guard.h"

#include <future>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

std::future<bool> watch(StatementGuard& guard) {
  return std::async(std::launch::async, [&guard] { return guard.watch(); });
}

TEST_CASE("a statement that does no harm is watched until its end") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal; create table t(x)");
  StatementGuard guard(directory / "app.db", 1000);
  auto harm = watch(guard);
  app.exec("insert into t values (2)");
  guard.end();
  CHECK_FALSE(harm.get());
}

TEST_CASE("frames beyond the limit are seen, and a reset begins anew") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal; create table t(x); insert into t values (0)");
  StatementGuard guard(directory / "app.db", 50);
  auto harm = watch(guard);
  for (int i = 0;
       i < 200 && harm.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready; ++i) {
    app.exec("insert into t values (1)");
    app.query("pragma wal_checkpoint(restart)");
  }
  CHECK(harm.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  for (int i = 0; i < 60; ++i) app.exec("insert into t values (1)");
  CHECK(harm.get());
}

TEST_CASE("what cannot be read does no harm") {
  const TemporaryDirectory directory;
  StatementGuard guard(directory / "absent.db", 1);
  guard.end();
  CHECK_FALSE(guard.watch());
}

}  // namespace
}  // namespace sqlite_exporter::test
