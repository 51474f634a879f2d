/// Who is named in a runbook, and when nobody is.
#include "exporter/explain/culprit.h"

#include <prometheus/metric_family.h>

#include "collectors/commits.h"
#include "tests/support/catch.h"
#include "tests/support/looks.h"

namespace sqlite_exporter {
namespace {

using test::hold_back;
using test::known_processes;
using test::live_wal;

const Runbook& kReaders = *find_runbook("SqliteForgottenReader");
const Runbook& kCheckpoints = *find_runbook("SqliteCheckpointStarved");
const Runbook& kLocks = *find_runbook("SqliteWriteLockSaturated");
const Runbook& kCommits = *find_runbook("SqliteCommitBlocked");
const Runbook& kLost = *find_runbook("SqliteLocksLost");
const Runbook& kStates = *find_runbook("SqliteDatabaseReplaced");

Placeholders culprit_of(const Observation& observation, const Runbook& runbook) {
  Placeholders placeholders;
  add_culprit(placeholders, observation, runbook);
  return placeholders;
}

/// litestream reads, app is in a pod.
Observation two_processes() {
  Observation observation = live_wal();
  observation.look->holders = known_processes();
  observation.look->holders.complete = true;
  return observation;
}

Observation one_process() {
  Observation observation = two_processes();
  observation.look->holders.processes.erase(observation.look->holders.processes.begin());
  return observation;
}

/// app writes, and has not committed for `age`.
Observation with_writer(std::chrono::milliseconds age) {
  Observation observation = two_processes();
  const int app = observation.look->holders.processes.front().pid;
  observation.look->wal_locks.write = LockHolder{true, app};
  LockTime::Moment moment;
  moment.held[static_cast<std::size_t>(Lock::write)] = LockHolder{true, app};
  moment.instant.steady = test::kLookTaken - age;
  observation.look->sample.lock_time.observe(moment);
  return observation;
}

/// In rollback mode; app, pid 99, and another process have it open, and app has RESERVED since
/// `age` ago.
Observation with_rollback_writer(std::chrono::milliseconds age) {
  Observation observation = test::observed(DatabaseState::rollback_active);
  Look& look = *observation.look;
  look.main_header.emplace().journal_mode = JournalMode::rollback;
  look.holders = known_processes();
  look.holders.complete = true;
  look.holders.processes[0].listed_locks[static_cast<std::size_t>(Lock::reserved)] = true;
  look.database_locks.shared = LockHolder{false, 812};
  look.database_locks.reserved = LockHolder{true, 99};
  LockTime::Moment moment;
  moment.held[static_cast<std::size_t>(Lock::reserved)] = LockHolder{true, 99};
  moment.instant.steady = test::kLookTaken - age;
  look.sample.lock_time.observe(moment);
  return observation;
}

TEST_CASE("a runbook on commits is about the writer that does not end") {
  const Placeholders placeholders =
      culprit_of(with_rollback_writer(std::chrono::seconds(6)), kCommits);
  CHECK(placeholders.at("PID") == "99");
  CHECK(placeholders.at("POD") == "web-0");
  CHECK(placeholders.at("NAMESPACE") == "shop");
  CHECK(culprit_of(with_rollback_writer(std::chrono::milliseconds(20)), kCommits).empty());
  CHECK(culprit_of(two_processes(), kCommits).empty());
  CHECK(culprit_of(one_process(), kCommits).empty());  // the only one is not in the way by that
}

TEST_CASE("a runbook on commits is about the reader that a writer waits for, and not the writer") {
  Observation observation = with_rollback_writer(std::chrono::seconds(6));
  Look& look = *observation.look;
  look.database_locks.pending = LockHolder{true, 99};
  look.sample.waited_for_reader = WaitedForReader{look.taken - std::chrono::seconds(5), 812};
  CHECK(culprit_of(observation, kCommits).at("PID") == "812");
  CHECK(culprit_of(observation, kCommits).at("UNIT") == "litestream.service");
  look.sample.waited_for_reader->since = look.taken;  // an ordinary reader
  CHECK(culprit_of(observation, kCommits).empty());
}

TEST_CASE("who was in the way while the passes lasted is named where the inspection shows nobody") {
  const Metric& seconds = *kCommitsCollector.metrics[0];
  const Metric& pid = *kCommitsCollector.metrics[1];
  std::vector<SubjectReadings> subjects(2);
  subjects[0].labels = std::make_shared<const std::string>("database=\"app\"");
  subjects[1].labels = std::make_shared<const std::string>("database=\"other\"");
  subjects[0].batch.add(seconds, 6, {"reader", "app", "app.service", "", "", ""});
  subjects[0].batch.add(pid, 77, {"reader"});
  subjects[1].batch.add(seconds, 6, {"reader", "", "", "", "", ""});  // its pid cannot be seen
  const Snapshot snapshot{
      std::move(subjects), {}, {}, Snapshot::Clock::now(), std::chrono::hours(1)};
  const auto named = [&](Placeholders placeholders, const std::string& database) {
    add_commit_blocker(placeholders, snapshot, database);
    return placeholders;
  };
  CHECK(named({}, "app") == Placeholders{{"PID", "77"}, {"UNIT", "app.service"}});
  CHECK(named({{"PID", "99"}}, "app") == Placeholders{{"PID", "99"}});
  CHECK(named({}, "other").empty());
  CHECK(named({}, "none").empty());
}

TEST_CASE("a runbook on readers is about the reader that pins the most") {
  Observation observation = two_processes();
  CHECK(culprit_of(observation, kReaders).empty());
  hold_back(observation, 1);
  CHECK(culprit_of(observation, kReaders).at("PID") == "812");
  CHECK_FALSE(culprit_of(observation, kReaders).contains("POD"));
  observation.look->holders.processes[0].reads[1] = true;  // whose of two it is cannot be told
  CHECK(culprit_of(observation, kReaders).empty());
}

TEST_CASE("where nobody reads, the only application is not the reader") {
  CHECK(culprit_of(one_process(), kStates).contains("PID"));
  CHECK(culprit_of(one_process(), kReaders).empty());
}

TEST_CASE("who does not checkpoint is accused only where much waits") {
  Observation observation = one_process();
  CHECK(culprit_of(observation, kCheckpoints).empty());
  observation.look->index->mx_frame += 10'000;
  CHECK(culprit_of(observation, kCheckpoints).contains("PID"));
  hold_back(observation, 1);
  CHECK(culprit_of(observation, kCheckpoints).at("PID") == "812");
}

TEST_CASE("a runbook on locks is about a transaction that both looks saw") {
  CHECK(culprit_of(two_processes(), kLocks).empty());
  const Observation stuck = with_writer(std::chrono::seconds(6));
  const Placeholders placeholders = culprit_of(stuck, kLocks);
  CHECK(placeholders.at("PID") == std::to_string(stuck.look->wal_locks.write->pid));
  CHECK(placeholders.contains("POD"));
  CHECK(culprit_of(with_writer(std::chrono::milliseconds(20)), kLocks).empty());
  CHECK(culprit_of(stuck, kStates).empty());
}

TEST_CASE("who lost its locks is known, or the only one, or nobody") {
  Observation observation = two_processes();
  CHECK(culprit_of(observation, kLost).empty());
  observation.look->holders.lost_locks = LostLocks{812, true, true};
  CHECK(culprit_of(observation, kLost).at("PID") == "812");
}

TEST_CASE("the only one is the only one that is known, and all are known") {
  Observation observation = one_process();
  CHECK(culprit_of(observation, kStates).contains("PID"));
  observation.look->holders.complete = false;
  CHECK(culprit_of(observation, kStates).empty());
  CHECK(culprit_of(two_processes(), kStates).empty());
}

TEST_CASE("what is no service of its own is not restarted as a unit") {
  Observation observation = one_process();
  Owner& owner = observation.look->holders.processes[0].process.owner;
  owner = {"app", "app.service", "", "", ""};
  CHECK(culprit_of(observation, kStates).at("UNIT") == "app.service");
  owner.unit = "session-3.scope";
  CHECK_FALSE(culprit_of(observation, kStates).contains("UNIT"));
  owner = {"app", "docker.service", "", "", "1234567890ab"};
  CHECK_FALSE(culprit_of(observation, kStates).contains("UNIT"));
}

TEST_CASE("a pid that cannot be seen is none, nor one of what was not looked at") {
  Observation observation = one_process();
  observation.look->holders.processes[0].pid = 0;
  CHECK(culprit_of(observation, kStates).empty());
  observation.look.reset();
  CHECK(culprit_of(observation, kStates).empty());
}

}  // namespace
}  // namespace sqlite_exporter
