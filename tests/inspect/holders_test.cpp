/// Who holds what, by name and by pid.
#include "exporter/inspect/holders.h"

#include "tests/support/catch.h"
#include "tests/support/looks.h"

namespace sqlite_exporter {
namespace {

using test::hold_back;
using test::known_processes;
using test::live_wal;

TEST_CASE("a reader is old once both looks saw it, and has an age once it is watched") {
  Observation observation = live_wal();
  CHECK(readers_of(observation).empty());
  hold_back(observation, 1);
  std::vector<HeldReader> readers = readers_of(observation);
  REQUIRE(readers.size() == 1);
  CHECK(readers[0].slot == 1);
  CHECK(readers[0].frame == 301);
  CHECK(readers[0].pinned_frames == 5000);
  CHECK(readers[0].old);
  CHECK_FALSE(readers[0].age);
  REQUIRE(readers[0].processes.size() == 1);
  CHECK(readers[0].processes[0].pid == 812);

  observation.watched = true;
  CHECK(readers_of(observation)[0].age == 42);

  const int case_number = GENERATE(0, 1, 2, 3);
  std::optional<OldReader>& sampled = observation.look->sample.old_readers[1];
  if (case_number == 0) sampled->since = *observation.look_before + std::chrono::seconds(1);
  if (case_number == 1) sampled->seen_twice = false;
  if (case_number == 2) sampled->safe_frame = 7;  // the samples saw another one
  if (case_number == 3) observation.look_before.reset();
  CAPTURE(case_number);
  readers = readers_of(observation);
  CHECK_FALSE(readers[0].old);
  CHECK_FALSE(readers[0].age);
}

TEST_CASE("a reader that sees everything pins nothing") {
  Observation observation = live_wal();
  observation.look->wal_locks.read[2] = LockHolder{false, 5};
  observation.look->index->read_mark[2] = 5301;
  const std::vector<HeldReader> readers = readers_of(observation);
  REQUIRE(readers.size() == 1);
  CHECK(readers[0].frame == 5301);
  CHECK(readers[0].pinned_frames == 0);
  CHECK_FALSE(readers[0].old);
}

TEST_CASE("all processes of a read mark are named where they are known") {
  Observation observation = live_wal();
  hold_back(observation, 1);
  observation.look->holders = known_processes();
  CHECK(readers_of(observation)[0].processes[0].owner.process == "litestream");
  observation.look->holders.processes[0].reads[1] = true;
  CHECK(readers_of(observation)[0].processes.size() == 2);
  CHECK(processes_of(observation).size() == 2);
}

TEST_CASE("in WAL mode SHARED is no lock worth telling, and the locks of the wal-index are") {
  Observation observation = live_wal();
  CHECK(locks_of(observation).empty());
  observation.look->wal_locks.write = LockHolder{true, 7};
  observation.look->wal_locks.checkpoint = LockHolder{true, 0};
  std::vector<HeldLock> locks = locks_of(observation);
  REQUIRE(locks.size() == 2);
  CHECK(locks[0].lock == "write");
  CHECK(locks[0].process.pid == 7);
  CHECK(locks[1].lock == "checkpoint");
  CHECK(locks[1].process.pid == 0);

  LockTime::Moment moment;
  moment.held[static_cast<std::size_t>(Lock::write)] = LockHolder{true, 7};
  moment.instant.steady = test::kLookTaken - std::chrono::seconds(6);
  observation.look->sample.lock_time.observe(moment);
  CHECK_FALSE(locks_of(observation)[0].age);
  observation.watched = true;
  CHECK(locks_of(observation)[0].age == 6);
  CHECK_FALSE(locks_of(observation)[1].age);
}

TEST_CASE("in rollback mode SHARED is a reader, or exclusive") {
  Observation observation = test::observed(DatabaseState::rollback_active);
  observation.look->database_locks.shared = LockHolder{false, 7};
  observation.look->database_locks.reserved = LockHolder{true, 8};
  std::vector<HeldLock> locks = locks_of(observation);
  REQUIRE(locks.size() == 2);
  CHECK(locks[0].lock == "reserved");
  CHECK(locks[1].lock == "read");
  observation.look->database_locks.shared->exclusive = true;
  CHECK(locks_of(observation)[1].lock == "exclusive");
}

TEST_CASE("without names the processes are those that hold a lock, each once") {
  Observation observation = live_wal();
  hold_back(observation, 1);
  observation.look->wal_locks.write = LockHolder{true, 99};
  const std::vector<NamedProcess> processes = processes_of(observation);
  REQUIRE(processes.size() == 2);
  CHECK(processes[0].pid == 99);
  CHECK(processes[1].pid == 812);
  CHECK(processes_of(Observation()).empty());
}

TEST_CASE("an open file description of nobody is named beside the other reader of its mark") {
  Observation observation = live_wal();
  hold_back(observation, 1);
  Look& look = *observation.look;
  look.holders = known_processes();
  look.holders.listed = look.taken;
  look.holders.unknown_reads[1] = true;
  std::vector<NamedProcess> readers = readers_of(observation)[0].processes;
  REQUIRE(readers.size() == 2);
  CHECK(readers[1].pid == -1);
  // What was listed before the reader became old says nothing of it.
  look.holders.listed = look.taken - std::chrono::minutes(1);
  CHECK(readers_of(observation)[0].processes.size() == 1);

  look.holders.complete = false;
  look.database_locks.shared->pid = -1;
  CHECK(processes_of(observation).size() == 3);
  look.holders.descriptions_known = true;
  CHECK(processes_of(observation).size() == 2);
}

TEST_CASE("a process in words") {
  Observation observation = live_wal();
  observation.look->holders = known_processes();
  const std::vector<NamedProcess> known = processes_of(observation);
  REQUIRE(known.size() == 2);
  CHECK(process_in_words(known[0]) == "app (pid 99, pod shop/web-0, container main)");
  CHECK(process_in_words(known[1]) == "litestream (pid 812, litestream.service)");
  CHECK(start_in_words(known[0]).empty());
  CHECK(start_in_words(known[1]) == ", process started 2026-11-19 12:00:03 UTC");
  NamedProcess process;
  CHECK(process_in_words(process) == "a process in another pid namespace");
  process.pid = -1;
  CHECK(process_in_words(process) == "an open file description lock, whose process cannot be told");
  process.pid = 7;
  CHECK(process_in_words(process) == "pid 7");
  process.stopped = true;
  CHECK(process_in_words(process) == "pid 7, stopped");
  process.frozen = true;
  CHECK(process_in_words(process) == "pid 7, stopped, frozen");
  process.stopped = process.frozen = false;
  process.owner.process = "\x1b[2J";
  CHECK(process_in_words(process) == "\\x1b[2J (pid 7)");
}

TEST_CASE("who is frozen with its cgroup is to be thawed, by whoever froze it") {
  const auto frozen = [](const Owner& owner) {
    NamedProcess process{7, owner, std::nullopt};
    process.frozen = true;
    return process;
  };
  const auto way = [&](const Owner& owner) { return or_continue({frozen(owner)}, "End it."); };
  CHECK(way({"app", "app.service", "", "", ""}) ==
        "Its cgroup is frozen: thaw it (systemctl thaw app.service), or the one above it that was "
        "frozen.");
  CHECK(way({"app", "docker.service", "", "", "0123456789ab"})
            .find("(docker unpause 0123456789ab)") != std::string::npos);
  CHECK(way({"app", "", "shop", "web-0", "main"}).find("(write 0 to its cgroup.freeze, or ") !=
        std::string::npos);
  CHECK(way({}).find("(write 0 to its cgroup.freeze, or ") != std::string::npos);
  CHECK(way({"app", "\x1b[2J.service", "", "", ""}).find('\x1b') == std::string::npos);

  NamedProcess stopped{8, {}, std::nullopt};
  stopped.stopped = true;
  const NamedProcess other{9, {}, std::nullopt};
  const NamedProcess paused = frozen({"app", "a.service", "", "", ""});
  CHECK(or_continue({paused, paused, stopped, other}, "End it.") ==
        "Its cgroup is frozen: thaw it (systemctl thaw a.service), or the one above it that was "
        "frozen. It is stopped: continue it (kill -CONT 8). As for the others: End it.");
  CHECK(or_continue({other}, "End it.") == "End it.");
}

}  // namespace
}  // namespace sqlite_exporter
