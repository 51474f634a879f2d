/// The proof that a database stood still, against real writers: by events, and by times alone.
#include "exporter/sql/worker/stillness.h"

#include <fcntl.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "exporter/sql/statement_guard.h"
#include "tests/support/await.h"
#include "tests/support/catch.h"
#include "tests/support/skip.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter::test {
namespace {

/// A database of some 400 pages in an application with room for five, and the file read-only.
struct Site {
  TemporaryDirectory directory;
  SqliteApplication app{directory / "app.db"};
  int descriptor = -1;
  /// What a worker would ask the daemon for its files with.
  std::pair<std::shared_ptr<const WorkerFiles>, Descriptor> ends = files_for_worker().value();
  HandedFiles files{ends.second.get()};
  StatementGuard server{directory / "app.db", std::nullopt, ends.first};
  std::thread handing{[this] { static_cast<void>(server.watch()); }};

  Site() {
    files.set_database(directory / "app.db");
    app.exec(
        "pragma busy_timeout=0; pragma cache_size=5; create table t(x, y); insert into t with "
        "recursive n(i) as (select 1 union all select i + 1 from n limit 400) select i, "
        "zeroblob(3000) from n");
    descriptor = ::open((directory / "app.db").c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(descriptor >= 0);
  }
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;
  ~Site() {
    server.end();
    handing.join();
    ::close(descriptor);
  }

  /// It writes pages long before its end.
  void spill() { app.exec("begin; update t set x = x + 1, y = zeroblob(2999)"); }
};

/// Twice each: with events, and without.
void check_both(const std::function<void(Site&, Stillness&)>& check) {
  for (const bool with_events : {true, false}) {
    INFO((with_events ? "events" : "times"));
    Site site;
    WriteEvents events(site.files);
    if (with_events && !events.watch(site.descriptor)) {
      skip("events", "there is no inotify to be had");
      continue;
    }
    Stillness stillness(site.descriptor, with_events ? &events : nullptr);
    REQUIRE(await([&] { return stillness.begin(); }));
    check(site, stillness);
  }
}

TEST_CASE("a file that nobody writes to stands still") {
  check_both([](Site& site, Stillness& stillness) {
    CHECK(stillness.held());
    site.app.query("select count(*) from t");
    CHECK(stillness.held());
    CHECK(stillness.is_in_rollback_mode());
    CHECK(stillness.size() > 1'000'000);
  });
}

TEST_CASE("a transaction that has written nothing yet does not disturb") {
  check_both([](Site& site, Stillness& stillness) {
    site.app.exec("begin immediate; update t set x = 0 where rowid = 1");
    CHECK(stillness.held());
    CHECK(stillness.begin());
    CHECK(stillness.held());
    site.app.exec("rollback");
    CHECK(stillness.held());
  });
}

TEST_CASE("a commit disturbs, in each mode of the journal") {
  check_both([](Site& site, Stillness& stillness) {
    for (const char* const mode : {"delete", "persist", "truncate", "memory", "off"}) {
      INFO(mode);
      site.app.query(std::string("pragma journal_mode=") + mode);
      REQUIRE(await([&] { return stillness.begin(); }));
      site.app.exec("update t set x = x + 1 where rowid = 1");
      CHECK_FALSE(stillness.held());
      REQUIRE(await([&] { return stillness.begin(); }));
      CHECK(stillness.held());
    }
  });
}

TEST_CASE("a transaction that spills pages and rolls back disturbs, though no counter moves") {
  check_both([](Site& site, Stillness& stillness) {
    for (const char* const mode : {"delete", "persist", "truncate", "memory"}) {
      INFO(mode);
      site.app.query(std::string("pragma journal_mode=") + mode);
      REQUIRE(await([&] { return stillness.begin(); }));
      site.spill();
      CHECK_FALSE(stillness.held());
      CHECK_FALSE(stillness.begin());
      site.app.exec("rollback");
      CHECK_FALSE(stillness.held());
      REQUIRE(await([&] { return stillness.begin(); }));
      CHECK(stillness.held());
    }
  });
}

TEST_CASE("what happens in the first moment itself is seen by its lock") {
  check_both([](Site& site, Stillness& stillness) {
    site.app.exec("begin exclusive");
    CHECK_FALSE(stillness.begin());
    site.app.exec("rollback");
    REQUIRE(await([&] { return stillness.begin(); }));
  });
}

TEST_CASE("a file that somebody copies over disturbs, without any lock") {
  check_both([](Site& site, Stillness& stillness) {
    const int other = ::open((site.directory / "app.db").c_str(), O_WRONLY | O_CLOEXEC);
    CHECK(::pwrite(other, "x", 1, 5000) == 1);
    ::close(other);
    CHECK_FALSE(stillness.held());
  });
}

TEST_CASE("events tell of a write at once") {
  Site site;
  WriteEvents events(site.files);
  if (!events.watch(site.descriptor)) return skip("events", "there is no inotify to be had");
  Stillness stillness(site.descriptor, &events);
  REQUIRE(stillness.begin());
  CHECK_FALSE(stillness.is_disturbed());
  site.app.exec("insert into t values (1, 2)");
  CHECK(stillness.is_disturbed());
}

TEST_CASE("a time is settled once no further write could give it again") {
  constexpr timespec kTick{0, 4'000'000};
  const timespec fine{1000, 500'000'001};
  CHECK_FALSE(is_settled(fine, fine, kTick));
  CHECK_FALSE(is_settled(fine, {1000, 504'000'001}, kTick));
  CHECK(is_settled(fine, {1000, 504'000'002}, kTick));
  // Times of 10 ms, of 1 s and of 2 s.
  CHECK_FALSE(is_settled({1000, 510'000'000}, {1000, 523'000'000}, kTick));
  CHECK(is_settled({1000, 510'000'000}, {1000, 525'000'000}, kTick));
  CHECK_FALSE(is_settled({1000, 0}, {1001, 999'000'000}, kTick));
  CHECK(is_settled({1000, 0}, {1002, 100'000'000}, kTick));
  // A little in the future it may come again, and far in it not.
  CHECK_FALSE(is_settled(fine, {990, 0}, kTick));
  CHECK(is_settled({900'000, 1}, fine, kTick));
}

}  // namespace
}  // namespace sqlite_exporter::test
