/// Who is named in a runbook, and when nobody is.
#include "exporter/explain/culprit.h"

#include "tests/support/catch.h"
#include "tests/support/looks.h"

namespace sqlite_exporter {
namespace {

using test::hold_back;
using test::known_processes;
using test::live_wal;

const Runbook& kReaders = *find_runbook("SqliteForgottenReader");
const Runbook& kLocks = *find_runbook("SqliteWriteLockSaturated");
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
  return observation;
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

TEST_CASE("a runbook on locks is about who holds the write lock") {
  Observation observation = two_processes();
  CHECK(culprit_of(observation, kLocks).empty());
  observation.look->wal_locks.write = LockHolder{true, 99};
  const Placeholders placeholders = culprit_of(observation, kLocks);
  CHECK(placeholders.at("PID") == "99");
  CHECK(placeholders.contains("POD"));
  CHECK(culprit_of(observation, kStates).empty());
}

TEST_CASE("else it is the only one, and a pid that cannot be seen is none") {
  CHECK(culprit_of(live_wal(), kStates).at("PID") == "99");
  Observation observation = live_wal();
  observation.look->wal_locks.write = LockHolder{true, 0};
  CHECK_FALSE(culprit_of(observation, kLocks).contains("PID"));
  observation.look.reset();
  CHECK(culprit_of(observation, kStates).empty());
}

}  // namespace
}  // namespace sqlite_exporter
