/// Full looks as the pool runs them: what reaches the batch, and what an old sample comes to.
#include "exporter/look_job.h"

#include <chrono>

#include "collectors/registry.h"
#include "tests/support/catch.h"
#include "tests/support/few_descriptors.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

LookTask task_at(const std::string& path, std::chrono::seconds age) {
  LookTask task;
  task.name = "app";
  task.path = path;
  task.sample = std::make_shared<SampleCell>();
  task.kept = std::make_shared<Subject::Kept>();
  Sample sample;
  sample.taken = std::chrono::steady_clock::now() - age;
  task.sample->set(std::move(sample));
  return task;
}

LookTools tools() {
  LookTools tools;
  tools.collectors.assign(all_collectors().begin(), all_collectors().end());
  tools.own_metrics = std::make_shared<OwnMetrics>(collector_names());
  return tools;
}

void run(LookTask& task) {
  std::vector<LookTask> tasks;
  tasks.push_back(std::move(task));
  Progress progress;
  run_looks(tasks, Node(), tools(), progress);
  task = std::move(tasks[0]);
}

double up(const LookTask& task) {
  const Reading& last = task.batch.readings().back();
  CHECK(last.metric == &kUp);
  return last.value;
}

TEST_CASE("a look with a fresh sample succeeds") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x)");
  LookTask task = task_at(directory / "app.db", std::chrono::seconds(0));
  run(task);
  CHECK(up(task) == 1);
  CHECK(task.states);
  CHECK(task.failures.empty());
}

TEST_CASE("a look that finds no descriptor says so, and has the sampler give back its own") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x)");
  std::vector<LookTask> tasks;
  tasks.push_back(task_at(directory / "app.db", std::chrono::seconds(0)));
  const LookTools looking = tools();
  CHECK(looking.room->may_keep(std::chrono::steady_clock::now()));
  {
    const FewDescriptors few(16);
    Progress progress;
    run_looks(tasks, Node(), looking, progress);
  }
  CHECK(up(tasks[0]) == 0);
  REQUIRE(tasks[0].failures.size() == 1);
  CHECK(tasks[0].failures[0].error.code == Errc::limit);
  CHECK_FALSE(looking.room->may_keep(std::chrono::steady_clock::now()));
  CHECK(looking.room->may_keep(std::chrono::steady_clock::now() + std::chrono::minutes(2)));
}

TEST_CASE("a cut keeps what was looked at behind one that found no descriptor") {
  const TemporaryDirectory directory;
  std::vector<LookTask> tasks;
  for (const int age : {0, 60, 0}) {
    SqliteApplication(directory / "app.db").exec("create table if not exists t(x)");
    tasks.push_back(task_at(directory / "app.db", std::chrono::seconds(age)));
  }
  LookTools looking = tools();
  Progress progress;
  // The second has an old sample, and the cut comes while it is looked at.
  looking.sampler_is_late = [&] {
    progress.cut();
    return false;
  };
  const FewDescriptors few(16);
  run_looks(tasks, Node(), looking, progress);
  CHECK(progress.done() == 2);
  CHECK(tasks[0].failures.at(0).error.code == Errc::limit);
  CHECK(tasks[1].failures.at(0).error.code == Errc::stalled);
  CHECK(tasks[2].batch.readings().empty());
}

TEST_CASE("samples that are missed for want of descriptors give that as the reason in the end") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x)");
  for (const int age : {0, 60}) {
    LookTask task = task_at(directory / "app.db", std::chrono::seconds(age));
    Sample sample = task.sample->get();
    sample.missed = Error{Errc::limit, "open: Too many open files"};
    task.sample->set(sample);
    run(task);
    CHECK(up(task) == (age == 0 ? 1 : 0));
    if (age == 0) continue;
    REQUIRE(task.failures.size() == 1);
    CHECK(task.failures[0].error.code == Errc::limit);
  }
}

TEST_CASE("an old sample is never served as new") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x)");
  LookTask task = task_at(directory / "app.db", std::chrono::hours(1));
  run(task);
  CHECK(up(task) == 0);
  CHECK(task.batch.readings().size() == 1);
  REQUIRE(task.failures.size() == 1);
  CHECK(task.failures[0].error.code == Errc::stalled);
}

TEST_CASE("an old sample of a sampler that is late for want of CPU says nothing of the database") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x)");
  std::vector<LookTask> tasks;
  tasks.push_back(task_at(directory / "app.db", std::chrono::hours(1)));
  LookTools starved = tools();
  starved.sampler_is_late = [] { return true; };
  Progress progress;
  run_looks(tasks, Node(), starved, progress);
  CHECK(tasks[0].starved);
  CHECK(tasks[0].batch.readings().empty());
  REQUIRE(tasks[0].failures.size() == 1);
  CHECK(tasks[0].failures[0].error.code == Errc::starved);
  CHECK(tasks[0].failures[0].error.message.starts_with("too little CPU: "));
}

TEST_CASE("looks that are cut keep what is done, and leave the rest") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x)");
  std::vector<LookTask> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(task_at(directory / "app.db", std::chrono::hours(1)));
  LookTools cutting = tools();
  Progress progress;
  int asked = 0;
  cutting.sampler_is_late = [&] {
    if (++asked == 2) progress.cut();
    return false;
  };
  run_looks(tasks, Node(), cutting, progress);
  CHECK(progress.done() == 2);
  CHECK(up(tasks[1]) == 0);
  CHECK(tasks[2].batch.readings().empty());
}

TEST_CASE("how old a sample may be follows the time until the next") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x)");
  LookTask task = task_at(directory / "app.db", std::chrono::seconds(1000));
  Sample sample = task.sample->get();
  sample.next_within = std::chrono::seconds(2000);
  task.sample->set(sample);
  run(task);
  CHECK(up(task) == 1);

  task = task_at(directory / "app.db", std::chrono::seconds(1000));
  sample.next_within = std::chrono::seconds(990);
  task.sample->set(sample);
  run(task);
  CHECK(up(task) == 0);
  REQUIRE(task.failures.size() == 1);
  CHECK(task.failures[0].error.message == "no sample of it succeeded for over 993s");
}

TEST_CASE("a mount that cannot be asked is an error, one that is gone is not") {
  const TemporaryDirectory directory;
  NodeTask task;
  Progress progress;
  look_at_filesystems({{directory.path().string(), "ext4", "/dev/a"},
                       {directory / "none", "ext4", "/dev/b"},
                       {std::string(directory / "name").append(300, 'x'), "ext4", "/dev/c"}},
                      tools(), task, progress);
  REQUIRE(task.look.filesystems.size() == 1);
  CHECK(task.look.filesystems[0].mount.device == "/dev/a");
  REQUIRE(task.failures.size() == 1);
  CHECK(task.failures[0].collector == "filesystem");
}

TEST_CASE("a job has begun before it asks the first filesystem, which may hang") {
  NodeTask task;
  Progress progress;
  look_at_filesystems({}, tools(), task, progress);
  int asked = 0;
  progress.watch(Progress::Clock::now(), [&](int) {
    ++asked;
    return std::nullopt;
  });
  CHECK(asked == 1);
}

TEST_CASE("the CPU time of looks is counted") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("create table t(x)");
  std::vector<LookTask> tasks;
  tasks.push_back(task_at(directory / "app.db", std::chrono::seconds(0)));
  const LookTools used = tools();
  Progress progress;
  run_looks(tasks, Node(), used, progress);
  const auto once = used.cpu_time->total();
  CHECK(once.count() > 0);
  run_looks(tasks, Node(), used, progress);
  CHECK(used.cpu_time->total() > once);
}

TEST_CASE("on a mount that is not sampled the look takes the samples itself") {
  const TemporaryDirectory directory;
  SqliteApplication app(directory / "app.db");
  app.exec("pragma journal_mode=wal");
  app.exec("create table t(x)");
  LookTask task = task_at(directory / "app.db", std::chrono::hours(1));
  task.sampled = false;
  run(task);
  CHECK(up(task) == 1);
  app.exec("insert into t values (1)");
  task.batch = Batch();
  run(task);
  double transactions = -1;
  for (const Reading& reading : task.batch.readings())
    if (reading.metric->name() == "sqlite_transactions_total") transactions = reading.value;
  CHECK(transactions == 1);
}

}  // namespace
}  // namespace sqlite_exporter::test
