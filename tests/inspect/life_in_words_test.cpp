/// Who uses a database without SQLite's locks, and who could not be asked, as inspect says it.
#include "exporter/inspect/life_in_words.h"

#include "exporter/inspect/holders.h"
#include "tests/support/catch.h"
#include "tests/support/looks.h"

namespace sqlite_exporter::test {
namespace {

Look seen(const SignsOfLife& signs) {
  Look look = *observed(DatabaseState::wal_unrecovered).look;
  look.signs = signs;
  return look;
}

TEST_CASE("whoever uses it without locks is named") {
  SignsOfLife signs;
  signs.pid = 812;
  Look look = seen(signs);
  CHECK(life_in_words(look, DatabaseState::locks_unobservable).empty());
  look.unseen_user.emplace().owner = {"app", "app.service", "", "", ""};
  CHECK(life_in_words(look, DatabaseState::locks_unobservable) ==
        " It is used by app (pid 812, app.service).");
  CHECK(life_in_words(look, DatabaseState::locks_cancelled) ==
        " It is used by app (pid 812, app.service).");
  look.signs->file_server = true;
  CHECK(life_in_words(look, DatabaseState::locks_unobservable) ==
        " It is served to others by app (pid 812, app.service).");
  CHECK(life_in_words(look, DatabaseState::wal_clean).empty());

  Observation observation = observed(DatabaseState::locks_unobservable);
  observation.look = look;
  REQUIRE(processes_of(observation).size() == 1);
  CHECK(processes_of(observation)[0].pid == 812);
}

TEST_CASE("nobody is called dead without a word of who could not be asked") {
  SignsOfLife signs;
  signs.asked_all = true;
  CHECK(life_in_words(seen(signs), DatabaseState::wal_unrecovered).empty());
  signs.asked_all = false;
  CHECK(life_in_words(seen(signs), DatabaseState::wal_unrecovered)
            .starts_with(" Not every process that may write"));
  CHECK(life_in_words(seen(signs), DatabaseState::hot_journal)
            .starts_with(" Not every process that may write"));
  CHECK(life_in_words(seen(signs), DatabaseState::corrupt_header).empty());
  Look closed = seen(signs);
  closed.states.add(DatabaseState::wal_clean);
  CHECK_FALSE(unasked_in_words(closed).empty());
  closed.states = {};
  closed.states.add(DatabaseState::wal_live);  // whoever uses it is seen by his locks
  CHECK(unasked_in_words(closed).empty());
  signs.asked_all = true;
  closed = seen(signs);
  closed.states.add(DatabaseState::rollback_idle);
  CHECK(unasked_in_words(closed).empty());
  Look remote = seen(signs);
  const Mount mount{"/mnt", "nfs4", "server:/", true};
  remote.mount = &mount;
  CHECK(life_in_words(remote, DatabaseState::wal_unrecovered) ==
        " Other machines that may have it open cannot be asked.");
}

}  // namespace
}  // namespace sqlite_exporter::test
