/// Whether a holder is stopped, and how many files it has open.
#include "collectors/process_condition.h"

#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "collectors/holders.h"
#include "exporter/exposition.h"
#include "tests/support/await.h"
#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

Process only_holder(const Look& look) {
  REQUIRE(look.holders.processes.size() == 1);
  return look.holders.processes[0].process;
}

TEST_CASE("a stopped holder is told at the next reading of the locks, and once it goes on") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal; create table t(x)");
  Observer observer(directory / "app.db");
  observer.sample();
  observer.read_locks();
  Process process = only_holder(observer.look());
  CHECK_FALSE(process.stopped);
  REQUIRE(process.open_fds);
  REQUIRE(process.max_fds);
  CHECK(*process.open_fds >= 5);  // three of its own, the database and the wal-index at least
  CHECK(*process.open_fds < *process.max_fds);

  REQUIRE(::kill(app.pid(), SIGSTOP) == 0);
  const auto stopped = [&] {
    return read_condition("/proc", app.pid(), false, process) && process.stopped;
  };
  REQUIRE(await(stopped));
  // A process that is known from the reading before is asked again, and not read anew.
  const auto before = std::make_shared<LockHolders>(*observer.node().locks);
  before->read -= std::chrono::seconds(6);
  REQUIRE(before->processes.contains(app.pid()));
  before->processes[app.pid()].owner.process = "as before";
  read_lock_holders(observer.node(), before);
  CHECK(only_holder(observer.look()).stopped);
  CHECK(only_holder(observer.look()).owner.process == "as before");
  ++before->processes[app.pid()].start_ticks;  // another process has that pid now
  read_lock_holders(observer.node(), before);
  CHECK(only_holder(observer.look()).owner.process == "sqlite_app");
  REQUIRE(::kill(app.pid(), SIGCONT) == 0);
  REQUIRE(await([&] { return !stopped(); }));
  CHECK(read_condition("/proc", app.pid(), false, process));
  ++process.start_ticks;
  CHECK_FALSE(read_condition("/proc", app.pid(), false, process));  // another one of that pid
}

Process process_of(std::uint64_t open, std::uint64_t most, bool stopped) {
  Process process;
  process.owner.process = "app";
  process.start_ticks = 1;
  process.open_fds = open;
  process.max_fds = most;
  process.stopped = stopped;
  return process;
}

TEST_CASE("of several processes of an owner one that is stopped counts, and the fullest") {
  NodeLook look;
  look.holders[1] = process_of(900, 100'000, false);
  look.holders[2] = process_of(800, 1'000, true);
  look.holders[3] = process_of(10, 1'000, false);
  look.holders[4].owner.process = "gone";
  look.holders[5].owner.process = "silent";
  look.holders[5].start_ticks = 1;
  look.holders[6] = process_of(1, 10, false);
  look.holders[6].owner.process = "paused";
  look.holders[6].frozen = true;
  std::vector<SubjectReadings> subjects(1);
  subjects[0].labels = std::make_shared<const std::string>();
  REQUIRE(kHoldersNodeCollector.look(look, subjects[0].batch));
  const std::string text = write_text(subjects, {});
  const auto contains = [&](const std::string& name, const std::string& owner, int value) {
    return text.find(std::string(name)
                         .append("{owner_process=\"")
                         .append(owner)
                         .append("\",owner_unit=\"\",owner_namespace=\"\",owner_pod=\"\",owner_"
                                 "container=\"\"} ")
                         .append(std::to_string(value))
                         .append("\n")) != std::string::npos;
  };
  CAPTURE(text);
  CHECK(contains("sqlite_holder_stopped", "app", 1));
  CHECK(contains("sqlite_holder_open_fds", "app", 800));
  CHECK(contains("sqlite_holder_max_fds", "app", 1000));
  CHECK(contains("sqlite_holder_stopped", "silent", 0));
  CHECK(contains("sqlite_holder_stopped", "paused", 1));
  CHECK_FALSE(contains("sqlite_holder_open_fds", "silent", 0));
  CHECK(text.find("\"gone\"") == std::string::npos);
}

}  // namespace
}  // namespace sqlite_exporter::test
