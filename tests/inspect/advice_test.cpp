/// Which states, causes and sizes need attention, and which verdict follows.
#include "exporter/inspect/advice.h"

#include <map>

#include "tests/support/catch.h"
#include "tests/support/looks.h"

namespace sqlite_exporter {
namespace {

using test::hold_back;
using test::known_processes;
using test::live_wal;
using test::observed;

/// Subjects with their severities, in order.
std::vector<std::string> subjects(const Observation& observation) {
  std::vector<std::string> result;
  for (const Advice& advice : advice_for(observation))
    result.push_back(std::string(to_string(advice.severity)) + " " + advice.subject);
  return result;
}

Verdict verdict(const Observation& observation) { return verdict_of(advice_for(observation)); }

using Subjects = std::vector<std::string>;

TEST_CASE("each state has its verdict") {
  const std::map<DatabaseState, Verdict> verdicts = {
      {DatabaseState::absent, Verdict::cannot_say},
      {DatabaseState::empty, Verdict::healthy},
      {DatabaseState::encrypted, Verdict::cannot_say},
      {DatabaseState::not_a_database, Verdict::cannot_say},
      {DatabaseState::newer_format, Verdict::cannot_say},
      {DatabaseState::wal_mismatched, Verdict::attention},
      {DatabaseState::wal_lost, Verdict::attention},
      {DatabaseState::overwritten, Verdict::attention},
      {DatabaseState::corrupt_header, Verdict::attention},
      {DatabaseState::truncated, Verdict::attention},
      {DatabaseState::rollback_idle, Verdict::healthy},
      {DatabaseState::rollback_active, Verdict::healthy},
      {DatabaseState::rollback_exclusive, Verdict::healthy},
      {DatabaseState::hot_journal, Verdict::attention},
      {DatabaseState::wal_live, Verdict::healthy},
      {DatabaseState::wal_clean, Verdict::healthy},
      {DatabaseState::wal_unrecovered, Verdict::attention},
      {DatabaseState::wal_exclusive, Verdict::healthy},
      {DatabaseState::orphaned, Verdict::attention},
      {DatabaseState::locks_cancelled, Verdict::attention},
      {DatabaseState::locks_inconsistent, Verdict::attention},
      {DatabaseState::locks_unobservable, Verdict::attention}};
  REQUIRE(verdicts.size() == kDatabaseStateNames.size());
  for (const auto& [state, expected] : verdicts) {
    CAPTURE(to_string(state));
    const std::vector<Advice> list = advice_for(observed(state));
    CHECK(verdict_of(list) == expected);
    for (const Advice& advice : list) {
      CHECK(advice.subject == to_string(state));
      CHECK(advice.meaning.ends_with('.'));
      CHECK((advice.action.empty() || advice.action.ends_with('.')));
      if (expected == Verdict::attention) CHECK_FALSE(advice.action.empty());
    }
  }
}

TEST_CASE("a newer format is no damage, and no reason to restore anything") {
  Observation observation = observed(DatabaseState::newer_format);
  observation.look->format_version = 255;
  const std::vector<Advice> list = advice_for(observation);
  REQUIRE(list.size() == 1);
  CHECK(list[0].meaning.ends_with(" Its format version is 255; SQLite's own is 2 at most."));
  for (const char* word : {"corrupt", "restore", "backup", "recover"}) {
    CHECK(list[0].meaning.find(word) == std::string::npos);
    CHECK(list[0].action.find(word) == std::string::npos);
  }
}

TEST_CASE("what a crash left of an encrypted database comes before what is unknown of it") {
  for (const DatabaseState state : {DatabaseState::wal_unrecovered, DatabaseState::hot_journal}) {
    Observation observation = observed(DatabaseState::encrypted);
    observation.look->states.add(state);
    CHECK(subjects(observation) ==
          Subjects{"attention " + std::string(to_string(state)), "cannot_say encrypted"});
    CHECK(verdict(observation) == Verdict::attention);
  }
}

TEST_CASE("an encrypted database of Turso's is told by name") {
  Observation observation = observed(DatabaseState::encrypted);
  const auto meaning = [&] { return advice_for(observation).at(0).meaning; };
  CHECK(meaning().find("Turso") == std::string::npos);
  observation.look->side_files.emplace();
  CHECK(meaning().find("Turso") != std::string::npos);
}

TEST_CASE("whether the file was restored is asked before anything may open it") {
  for (const DatabaseState state :
       {DatabaseState::hot_journal, DatabaseState::wal_unrecovered, DatabaseState::wal_mismatched,
        DatabaseState::truncated, DatabaseState::corrupt_header}) {
    CAPTURE(to_string(state));
    const std::string action = advice_for(observed(state)).at(0).action;
    const std::size_t asked = action.find("restored");
    REQUIRE(asked != std::string::npos);
    for (const char* const opening : {"start the application", "let the application", ".recover"})
      CHECK(asked < action.find(opening));
  }
}

TEST_CASE("a -wal of another file has one instruction") {
  Observation observation = observed(DatabaseState::wal_mismatched);
  observation.look->states.add(DatabaseState::wal_unrecovered);
  CHECK(subjects(observation) == Subjects{"attention wal_mismatched"});
}

TEST_CASE("what waits beside a database that is empty or gone is to be copied away first") {
  for (const DatabaseState nothing : {DatabaseState::empty, DatabaseState::absent}) {
    for (const DatabaseState state : {DatabaseState::wal_mismatched, DatabaseState::hot_journal}) {
      CAPTURE(to_string(nothing), to_string(state));
      Observation observation = observed(nothing);
      observation.look->states.add(state);
      const std::vector<Advice> list = advice_for(observation);
      CHECK(verdict_of(list) == Verdict::attention);
      CHECK(list.at(0).subject == to_string(state));
      CHECK(list.at(0).action.starts_with("Copy the -"));
      CHECK(list.size() == (nothing == DatabaseState::empty ? 1 : 2));
    }
  }
}

TEST_CASE("who may be alive elsewhere is never said to be gone") {
  for (const DatabaseState state : {DatabaseState::hot_journal, DatabaseState::wal_unrecovered})
    CHECK(advice_for(observed(state)).at(0).action.starts_with("First make sure that no process"));
  const std::string elsewhere =
      advice_for(observed(DatabaseState::locks_unobservable)).at(0).action;
  CHECK(elsewhere.starts_with("Do not open it here"));
  CHECK(elsewhere.find("Else start") == std::string::npos);
}

TEST_CASE("what loses rows comes first, and begins with a stop") {
  Observation observation = observed(DatabaseState::wal_unrecovered);
  observation.look->states.add(DatabaseState::wal_lost);
  CHECK(subjects(observation) == Subjects{"attention wal_lost", "attention wal_unrecovered"});
  CHECK(advice_for(observation).at(0).action.starts_with("Restart and kill nothing"));
}

TEST_CASE("a look without a state says nothing") {
  Observation observation = observed(DatabaseState::empty);
  observation.look->states = {};
  CHECK(subjects(observation) == Subjects{"cannot_say no_state"});
}

TEST_CASE("what cannot be looked at says why") {
  Observation observation;
  observation.error = Error{Errc::denied, "open /a\x1b: Permission denied"};
  const std::vector<Advice> list = advice_for(observation);
  REQUIRE(list.size() == 1);
  CHECK(verdict_of(list) == Verdict::cannot_say);
  CHECK(list[0].subject == "denied");
  CHECK(list[0].meaning == "open /a\\x1b: Permission denied.");
  CHECK(list[0].action.find("CAP_DAC_READ_SEARCH") != std::string::npos);
}

TEST_CASE("what is wrong comes before what is unknown") {
  Observation observation = observed(DatabaseState::absent);
  observation.look->states.add(DatabaseState::orphaned);
  CHECK(subjects(observation) == Subjects{"attention orphaned", "cannot_say absent"});
  CHECK(verdict(observation) == Verdict::attention);
}

TEST_CASE("an old reader is named with what to do") {
  Observation observation = live_wal();
  CHECK(subjects(observation).empty());
  hold_back(observation, 1);
  observation.watched = true;
  const std::vector<Advice> list = advice_for(observation);
  REQUIRE(list.size() == 1);
  CHECK(list[0].severity == Severity::attention);
  CHECK(list[0].subject == "reader");
  CHECK(list[0].meaning ==
        "READ1 is held by pid 812 for at least 42 s, whose read transaction keeps checkpoints "
        "from copying 5000 frames.");
  CHECK(list[0].action.find("restart that process") != std::string::npos);
}

TEST_CASE("a reader of READ0 stops every checkpoint") {
  Observation observation = live_wal();
  hold_back(observation, 0);
  const std::vector<Advice> list = advice_for(observation);
  REQUIRE(list.size() == 1);
  CHECK(list[0].subject == "old_reader_on_slot_0");
  CHECK(list[0].meaning ==
        "READ0 is held by pid 812, whose read transaction lets no checkpoint copy anything: "
        "5000 frames wait.");
}

TEST_CASE("a reader that one look saw accuses nobody") {
  Observation observation = live_wal();
  hold_back(observation, 1);
  observation.look_before.reset();
  CHECK(subjects(observation).empty());
}

TEST_CASE("the reader that Litestream keeps by design is a note") {
  Observation observation = live_wal();
  hold_back(observation, 1);
  observation.look->holders = known_processes();
  CHECK(subjects(observation) == Subjects{"note replicator"});
  CHECK(verdict(observation) == Verdict::healthy);
}

TEST_CASE("a replicator that is stopped is to be continued, as any other reader") {
  Observation observation = live_wal();
  hold_back(observation, 1);
  observation.look->holders = known_processes();
  observation.look->holders.processes[1].process.stopped = true;
  std::vector<Advice> list = advice_for(observation);
  REQUIRE(list.size() == 1);
  CHECK(list[0].subject == "reader");
  CHECK(list[0].meaning.starts_with(
      "READ1 is held by litestream (pid 812, litestream.service, stopped)"));
  CHECK(list[0].action == "It is stopped: continue it (kill -CONT 812).");

  observation.look->holders.processes[0].reads[1] = true;
  list = advice_for(observation);
  REQUIRE(list.size() == 1);
  CHECK(list[0].action.starts_with(
      "It is stopped: continue it (kill -CONT 812). As for the others: End that transaction"));
}

TEST_CASE("a process that runs out of descriptors for its connections is named") {
  Observation observation = live_wal();
  observation.look->holders = known_processes();
  observation.leaks = {{99, 980, 1024, 970}};
  const std::vector<Advice> list = advice_for(observation);
  REQUIRE(list.size() == 1);
  CHECK(list[0].severity == Severity::attention);
  CHECK(list[0].subject == "connection_leak");
  CHECK(list[0].meaning.starts_with(
      "app (pid 99, pod shop/web-0, container main) has 980 files open of the 1024 that it may, at "
      "least 970 of them to use this database: "));
}

TEST_CASE("a write transaction that stays open is named") {
  Observation observation = live_wal();
  observation.watched = true;
  observation.look->wal_locks.write = LockHolder{true, 812};
  observation.look->holders = known_processes();
  LockTime::Moment moment;
  moment.held[static_cast<std::size_t>(Lock::write)] = LockHolder{true, 812};
  moment.instant.steady = test::kLookTaken - std::chrono::seconds(7);
  observation.look->sample.lock_time.observe(moment);
  const std::vector<Advice> list = advice_for(observation);
  REQUIRE(list.size() == 1);
  CHECK(list[0].subject == "writer");
  CHECK(
      list[0].meaning.starts_with("One write transaction has been open for at least 7 s, by "
                                  "litestream (pid 812, litestream.service): "));
}

TEST_CASE("checkpoints that do not come or do not succeed") {
  Observation observation = live_wal();
  SECTION("nobody does it") {
    observation.look->sample.checkpoints.unattended = true;
    CHECK(subjects(observation) == Subjects{"attention no_checkpointer"});
  }
  SECTION("one failed while it was watched") {
    observation.look->sample.checkpoints.failures = 1;
    CHECK(subjects(observation) == Subjects{"attention checkpoint_failed"});
  }
  SECTION("one failed before") {
    observation.checkpoint_fell_short = true;
    CHECK(subjects(observation) == Subjects{"attention checkpoint_failed"});
  }
}

TEST_CASE("10,000 frames and 64 MiB are well, more is not") {
  Observation observation = live_wal();
  observation.look->index->n_backfill = 0;
  observation.look->index->mx_frame = 10'000;
  observation.look->wal->size = std::uint64_t{64} << 20U;
  CHECK(subjects(observation).empty());
  ++observation.look->index->mx_frame;
  CHECK(subjects(observation) == Subjects{"attention wal_backlog"});
  ++observation.look->wal->size;
  CHECK(subjects(observation) == Subjects{"attention wal_backlog", "attention wal_file_size"});
}

TEST_CASE("an application that does not run is not told to truncate its WAL") {
  Observation observation = live_wal();
  observation.look->wal->size = std::uint64_t{400} << 20U;
  CHECK(advice_for(observation).at(0).action.find("TRUNCATE") != std::string::npos);
  observation.look->states = {};
  observation.look->states.add(DatabaseState::wal_unrecovered);
  const std::vector<Advice> list = advice_for(observation);
  REQUIRE(list.size() == 2);
  CHECK(list[1].subject == "wal_file_size");
  CHECK(list[1].action.starts_with("Do what is said above first"));
}

TEST_CASE("notes change no verdict") {
  Observation observation = live_wal();
  observation.look->wal_reset_bug = WalResetBug{3040001, false};
  const Mount remote{"/data", "nfs4", "server:/", true};
  observation.look->mount = &remote;
  CHECK(subjects(observation) == Subjects{"note remote_mount", "note wal_reset_bug"});
  CHECK(verdict(observation) == Verdict::healthy);
}

TEST_CASE("the WAL-reset bug is told by whom it was judged") {
  Observation observation = live_wal();
  observation.look->header->sqlite_version_number = 3040001;
  CHECK(subjects(observation).empty());  // its holders run another one
  observation.look->wal_reset_bug = WalResetBug{3040001, false};
  const Advice by_header = advice_for(observation).at(0);
  CHECK(by_header.meaning.starts_with("SQLite 3.40.1, which wrote page 1 last, can lose commits"));
  observation.look->wal_reset_bug = WalResetBug{3050004, true};
  const Advice by_holder = advice_for(observation).at(0);
  CHECK(by_holder.meaning.starts_with("SQLite 3.50.4, by which a process has it open, can lose"));
  CHECK(by_holder.meaning.find("page 1") == std::string::npos);
  // Without a header, too: it is being written, or encrypted.
  observation.look->header.reset();
  CHECK(subjects(observation) == Subjects{"note wal_reset_bug"});
}

TEST_CASE("attention wins over cannot say, which wins over healthy") {
  constexpr Verdict kHealthy = Verdict::healthy;
  CHECK(worse(kHealthy, kHealthy) == kHealthy);
  CHECK(worse(kHealthy, Verdict::cannot_say) == Verdict::cannot_say);
  CHECK(worse(Verdict::cannot_say, kHealthy) == Verdict::cannot_say);
  CHECK(worse(Verdict::cannot_say, Verdict::attention) == Verdict::attention);
  CHECK(worse(Verdict::attention, Verdict::cannot_say) == Verdict::attention);
  CHECK(exit_code(kHealthy) == 0);
  CHECK(exit_code(Verdict::attention) == 1);
  CHECK(exit_code(Verdict::cannot_say) == 2);
}

}  // namespace
}  // namespace sqlite_exporter
