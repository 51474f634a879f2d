/// The collector `readers` over the readers of real applications: the exact exposition.
#include "collectors/readers.h"

#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

constexpr const char* kOpen = "pragma journal_mode=wal; pragma wal_autocheckpoint=0";

std::string sample(const std::string& family, const std::string& value) {
  return family + "{database=\"app\"} " + value + '\n';
}

/// Without the age, which is never the same.
std::string text(Observer& observer) {
  std::string text = observer.text({"readers"});
  const auto begin = text.find("sqlite_oldest_reader_age_seconds");
  if (begin != std::string::npos) text.erase(begin, text.find('\n', begin) + 1 - begin);
  return text;
}

/// Without a lock table the owner stays unnamed, and what it pins does not.
std::string expected(int pid, int readers, const std::string& pinned) {
  std::string lines;
  if (pid > 0) {
    lines = sample("sqlite_oldest_reader_pid", std::to_string(pid)) +
            "sqlite_reader_pinned_frames{database=\"app\",owner_process=\"\",owner_unit=\"\","
            "owner_namespace=\"\",owner_pod=\"\",owner_container=\"\"} " +
            pinned + '\n';
  }
  lines += sample("sqlite_readers", std::to_string(readers));
  return lines + sample("sqlite_wal_pinned_frames", pinned);
}

void insert(SqliteApplication& app, int times) {
  for (int i = 0; i < times; ++i) app.exec("insert into t values (1)");
}

std::string frames_of(const std::string& answer) {  // busy|log|checkpointed
  return answer.substr(2, answer.rfind('|') - 2);
}

TEST_CASE("nobody reads where nobody is attached") {
  const TemporaryDirectory directory;
  Observer observer(directory / "app.db");
  CHECK(observer.text({"readers"}).empty());
  SqliteApplication app(directory / "app.db");
  app.exec(kOpen);
  app.exec("create table t(x)");
  app.close();
  CHECK(observer.text({"readers"}).empty());
}

TEST_CASE("in rollback mode a reader is seen, and a writer that keeps them out is none") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x); insert into t values (1), (2)");
  Observer observer(directory / "app.db");
  CHECK(observer.text({"readers"}) == sample("sqlite_readers", "0"));
  app.step("select x from t");
  CHECK(observer.text({"readers"}) == sample("sqlite_readers", "1"));
  app.finish();
  app.exec("begin exclusive");
  CHECK(observer.text({"readers"}) == sample("sqlite_readers", "0"));
}

TEST_CASE("a reader of all there is pins nothing, and is not old until the next commit") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kOpen);
  app.exec("create table t(x)");
  insert(app, 3);
  SqliteApplication reader(directory / "app.db");
  Observer observer(directory / "app.db");
  CHECK(text(observer) == expected(0, 0, "0"));
  reader.exec("begin; select count(*) from t");
  CHECK(text(observer) == expected(0, 1, "0"));
  insert(app, 4);
  CHECK(text(observer) == expected(reader.pid(), 1, "4"));
  reader.exec("commit");
  CHECK(text(observer) == expected(0, 0, "0"));
}

TEST_CASE("the oldest reader is the one that was seen first") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kOpen);
  app.exec("create table t(x)");
  insert(app, 3);
  SqliteApplication reader(directory / "app.db");
  reader.exec("begin; select count(*) from t");
  insert(app, 1);
  Observer observer(directory / "app.db");
  observer.sample();
  observer.pass(std::chrono::seconds(60));
  SqliteApplication second(directory / "app.db");
  second.exec("begin; select count(*) from t");
  insert(app, 1);
  CHECK(text(observer) == expected(reader.pid(), 2, "2"));
  CHECK(observer.value("sqlite_oldest_reader_age_seconds") >= 60);
  reader.exec("commit");
  CHECK(text(observer) == expected(second.pid(), 1, "1"));
  CHECK(observer.value("sqlite_oldest_reader_age_seconds") < 60);
}

TEST_CASE("a reader of the database file alone pins all frames") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec(kOpen);
  app.exec("create table t(x)");
  insert(app, 3);
  app.exec("pragma wal_checkpoint");
  SqliteApplication reader(directory / "app.db");
  reader.exec("begin; select count(*) from t");
  Observer observer(directory / "app.db");
  CHECK(text(observer) == expected(0, 1, "0"));
  insert(app, 5);
  const std::string frames = frames_of(app.query("pragma wal_checkpoint"));
  CHECK(text(observer) == expected(reader.pid(), 1, frames));
}

}  // namespace
}  // namespace sqlite_exporter::test
