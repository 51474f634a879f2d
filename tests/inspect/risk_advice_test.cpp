/// What can be lost or cannot be written, in words.
#include "exporter/inspect/risk_advice.h"

#include "tests/support/catch.h"
#include "tests/support/looks.h"

namespace sqlite_exporter {
namespace {

using test::live_wal;
using test::observed;

std::vector<Advice> risks(const Observation& observation) {
  std::vector<Advice> list;
  advise_on_risks(observation, list);
  return list;
}

TEST_CASE("a live database on a disk is at no risk") { CHECK(risks(live_wal()).empty()); }

TEST_CASE("a database in memory is a note") {
  Observation observation = live_wal();
  const Mount mount{"/run\x1b", "tmpfs", "tmpfs"};
  observation.look->mount = &mount;
  const std::vector<Advice> list = risks(observation);
  REQUIRE(list.size() == 1);
  CHECK(list[0].severity == Severity::note);
  CHECK(list[0].subject == "memory");
  CHECK(list[0].meaning ==
        "It lies in memory (tmpfs on /run\\x1b), and is gone when the machine is switched off.");
}

TEST_CASE("a file that is mounted alone needs attention, and explains that there is no state") {
  Observation observation = live_wal();
  observation.look->states = {};
  observation.look->file_mount = true;
  const std::vector<Advice> list = advice_for(observation);
  REQUIRE(list.size() == 1);
  CHECK(list[0].severity == Severity::attention);
  CHECK(list[0].subject == "file_mount");
}

TEST_CASE("whose file shuts out whom, and what to do") {
  Observation observation = live_wal();
  observation.look->foreign_sidecar = ForeignSidecar{"-wal", 1000, 33};
  std::vector<Advice> list = risks(observation);
  REQUIRE(list.size() == 1);
  CHECK(list[0].severity == Severity::attention);
  CHECK(list[0].subject == "sidecar_owner");
  CHECK(list[0].meaning ==
        "The -wal belongs to uid 1000, and nobody else may write it; the database belongs to uid "
        "33: as that user every write fails, with \"attempt to write a readonly database\".");
  CHECK(list[0].action.find("only while the -wal has 0 bytes") != std::string::npos);
  observation.look->foreign_sidecar->suffix = "-journal";
  list = risks(observation);
  CHECK(list[0].action.find("Never delete it") != std::string::npos);
}

Observation closed_and_empty() {
  Observation observation = observed(DatabaseState::wal_clean);
  Look& look = *observation.look;
  look.database.emplace().size = 4096;
  DatabaseHeader& header = look.header.emplace();
  header.page_size = 4096;
  header.journal_mode = JournalMode::wal;
  header.page_count = 1;
  header.page_count_valid = true;
  return observation;
}

TEST_CASE("a database without a table and without a WAL may be an unfinished copy") {
  const std::vector<Advice> list = risks(closed_and_empty());
  REQUIRE(list.size() == 1);
  CHECK(list[0].severity == Severity::note);
  CHECK(list[0].subject == "copied_without_wal");
}

TEST_CASE("what has tables, a WAL or a user is no such copy") {
  Observation observation = closed_and_empty();
  observation.look->header->schema_cookie = 1;
  CHECK(risks(observation).empty());
  observation = closed_and_empty();
  observation.look->header->page_count = 2;
  CHECK(risks(observation).empty());
  observation = closed_and_empty();
  observation.look->wal.emplace();
  CHECK(risks(observation).empty());
  observation = closed_and_empty();
  observation.look->states = {};
  CHECK(risks(observation).empty());
}

}  // namespace
}  // namespace sqlite_exporter
