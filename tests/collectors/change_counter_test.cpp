/// The change counter of rollback mode across copies, replacements and its wrap.
#include "collectors/change_counter.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "collectors/commit_pace.h"
#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr FileIdentity kFile{1, 10};
constexpr FileIdentity kOtherFile{1, 11};

/// Looks a second apart at a database of 50 pages, the schema cookie 7.
struct Looks {
  ChangeCounter counter;
  ChangeCounter::Moment next;

  Looks() {
    next.file.identity = kFile;
    next.file.modified = 1000;
    next.header.page_size = 4096;
    next.header.page_count = 50;
    next.header.page_count_valid = true;
    next.header.schema_cookie = 7;
    next.header.encoding = TextEncoding::utf8;
    next.asked = next.read = std::chrono::steady_clock::time_point(seconds(100));
    next.unix_time = 1000;
  }
  ChangeCounter& at(std::uint32_t value) {
    next.header.change_counter = value;
    next.asked += seconds(1);
    next.read = next.asked;
    next.file.modified += 1;
    next.unix_time += 1;
    counter.observe(next);
    return counter;
  }
};

TEST_CASE("commits are counted from the first look on") {
  Looks looks;
  CHECK(looks.at(1000).transactions() == 0);
  CHECK(looks.at(1003).transactions() == 3);
  CHECK(looks.counter.unseen_epochs() == 0);
}

TEST_CASE("an older copy written over the file rebases, counts nothing and says so") {
  Looks looks;
  looks.at(1000);
  looks.at(1001);
  CHECK(looks.at(501).unseen_epochs() == 1);
  CHECK(looks.at(503).transactions() == 3);
  CHECK(looks.counter.unseen_epochs() == 1);
}

TEST_CASE("another file under the same path rebases, counts nothing and says so") {
  Looks looks;
  looks.at(1000);
  looks.next.file.identity = kOtherFile;
  looks.at(1002);
  CHECK(looks.at(1003).transactions() == 1);
  CHECK(looks.counter.unseen_epochs() == 1);
}

TEST_CASE("the counter is followed across its wrap") {
  Looks looks;
  looks.at(0xffffffff);
  CHECK(looks.at(1).transactions() == 2);
  CHECK(looks.counter.unseen_epochs() == 0);
}

TEST_CASE("what passed in WAL mode is not taken for commits of rollback mode, nor for unseen") {
  Looks looks;
  looks.at(10).observe_other_mode();
  looks.at(30);
  CHECK(looks.at(31).transactions() == 1);
  CHECK(looks.counter.unseen_epochs() == 0);
}

TEST_CASE("a file that held no database for a while is a new epoch") {
  Looks looks;
  looks.at(10).observe_gap();
  looks.at(12);
  CHECK(looks.counter.transactions() == 0);
  CHECK(looks.counter.unseen_epochs() == 1);
}

TEST_CASE("a step for which there was no time is a new epoch") {
  Looks looks;
  looks.at(1000);
  constexpr std::uint32_t most = 2 * kMostCommitsASecond;  // a second, and the slack
  const bool possible = GENERATE(true, false);
  looks.at(1000 + most + (possible ? 0 : 1));
  CHECK(looks.counter.transactions() == (possible ? most : 0));
  CHECK(looks.counter.unseen_epochs() == (possible ? 0 : 1));
}

TEST_CASE("a look that was held up in the middle counts what was committed meanwhile") {
  Looks looks;
  looks.at(1000);
  looks.next.header.change_counter += 50 * kMostCommitsASecond;
  looks.next.asked += seconds(1);
  looks.next.read = looks.next.asked + seconds(60);
  looks.counter.observe(looks.next);
  CHECK(looks.counter.transactions() == 50 * kMostCommitsASecond);
}

TEST_CASE("the sampler sees a leap that fits between two looks") {
  CounterLeaps leaps;
  Looks looks;
  const auto sample = [&](std::uint32_t value, milliseconds after) {
    leaps.observe(value, looks.next.read + after);
    looks.next.sampled = leaps.latest();
  };
  sample(10, milliseconds(0));
  looks.at(11);
  sample(12, milliseconds(100));
  SECTION("before the look") {
    SUCCEED();
    sample(3'000'000, milliseconds(1100));
    looks.next.read = looks.next.asked += seconds(60);
    looks.at(3'000'002);
  }
  SECTION("between its last sample and the look") {
    SUCCEED();
    looks.next.read = looks.next.asked += seconds(60);
    looks.next.sampled->taken = looks.next.asked + milliseconds(900);
    looks.at(3'000'002);
  }
  SECTION("behind the look that has told it") {
    looks.at(2'999'990);
    CHECK(looks.at(3'000'002).transactions() == 12);  // with the same sample
    CHECK(looks.counter.unseen_epochs() == 1);
    sample(3'000'004, milliseconds(100));
    looks.at(3'000'005);
    CHECK(looks.counter.transactions() == 15);
  }
  CHECK(looks.counter.unseen_epochs() == 1);
  const std::uint64_t before = looks.counter.transactions();
  looks.next.sampled = leaps.latest();
  CHECK(looks.at(looks.next.header.change_counter + 5).transactions() == before + 5);
  CHECK(looks.counter.unseen_epochs() == 1);
}

TEST_CASE("a sample of a commit that was rolled back says nothing") {
  CounterLeaps leaps;
  Looks looks;
  for (const std::uint32_t value : {5U, 6U, 5U, 6U}) {
    leaps.observe(value, looks.next.read + milliseconds(500));
    looks.next.sampled = leaps.latest();
    looks.at(5);
  }
  CHECK(looks.at(6).transactions() == 1);
  CHECK(looks.counter.unseen_epochs() == 0);
}

TEST_CASE("what no commit does is a new epoch") {
  Looks looks;
  looks.at(10);
  DatabaseHeader& header = looks.next.header;
  SECTION("an older schema") {
    SUCCEED();
    header.schema_cookie = 6;
  }
  SECTION("another encoding") {
    SUCCEED();
    header.encoding = TextEncoding::utf16le;
  }
  SECTION("another page size in the same schema") {
    SUCCEED();
    header.page_size = 512;
  }
  SECTION("fewer pages in the same schema, without auto_vacuum") {
    SUCCEED();
    header.page_count = 49;
  }
  SECTION("the time of another file") {
    SUCCEED();
    looks.next.file.modified -= 3600;
  }
  CHECK(looks.at(12).transactions() == 0);
  CHECK(looks.counter.unseen_epochs() == 1);
  CHECK(looks.at(13).transactions() == 1);
}

TEST_CASE("what commits may do is none") {
  Looks looks;
  DatabaseHeader& header = looks.next.header;
  header.encoding = GENERATE(TextEncoding::utf8, TextEncoding::unset);
  header.auto_vacuum = GENERATE(AutoVacuum::none, AutoVacuum::incremental);
  looks.at(10);
  SECTION("VACUUM") {
    SUCCEED();
    header.schema_cookie = 8;
    header.page_size = 512;
    header.page_count = 20;
  }
  SECTION("the first table") {
    SUCCEED();
    if (header.encoding == TextEncoding::unset) header.encoding = TextEncoding::utf16be;
    header.schema_cookie = 9;
  }
  SECTION("incremental vacuum") {
    SUCCEED();
    if (header.auto_vacuum != AutoVacuum::none) header.page_count = 20;
  }
  SECTION("a clock that was put back") {
    SUCCEED();
    looks.next.file.modified -= 3600;
    looks.next.unix_time -= 3600;
  }
  CHECK(looks.at(12).transactions() == 2);
  CHECK(looks.counter.unseen_epochs() == 0);
}

TEST_CASE("a counter without its word is no commit, unless that was the read's fault") {
  Looks looks;
  looks.at(10);
  looks.next.header.page_count_valid = false;
  SECTION("one look") {
    CHECK(looks.at(12).transactions() == 0);
    looks.next.header.page_count_valid = true;
    CHECK(looks.at(13).transactions() == 3);
    CHECK(looks.counter.unseen_epochs() == 0);
  }
  SECTION("two looks") {
    looks.at(12);
    CHECK(looks.at(12).transactions() == 0);
    CHECK(looks.counter.unseen_epochs() == 1);
    looks.next.header.page_count_valid = true;
    CHECK(looks.at(13).transactions() == 1);
  }
  SECTION("Turso has no such word") {
    looks.next.header.by_turso = true;
    CHECK(looks.at(12).transactions() == 2);
    CHECK(looks.counter.unseen_epochs() == 0);
  }
}

/// Writes over the file in place, as cp does.
void copy_over(const std::string& from, const std::string& to) {
  std::ofstream(to, std::ios::binary | std::ios::trunc)
      << std::ifstream(from, std::ios::binary).rdbuf();
}

void set_be32(const std::string& path, std::streamoff offset, std::uint32_t value) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(offset);
  for (int shift = 24; shift >= 0; shift -= 8) file.put(static_cast<char>(value >> shift & 0xffU));
}

TEST_CASE("cp of a database that is far ahead counts nothing and is said") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  const std::string other = directory / "other.db";
  test::SqliteApplication app(path);
  app.exec("create table t(x)");
  test::SqliteApplication(other).exec("create table t(x); insert into t values (1)");
  for (const std::streamoff field : {24, 92}) set_be32(other, field, 2'999'991);
  test::Observer observer(path);
  observer.value("sqlite_transactions_total");
  app.exec("insert into t values (1)");
  CHECK(observer.value("sqlite_transactions_total") == 1);
  copy_over(other, path);
  observer.pass(seconds(60));
  CHECK(observer.value("sqlite_transactions_total") == 1);
  CHECK(observer.value("sqlite_database_unseen_epochs_total") == 1);
  app.exec("insert into t values (1)");
  CHECK(observer.value("sqlite_transactions_total") == 2);
  CHECK(observer.value("sqlite_database_unseen_epochs_total") == 1);
}

TEST_CASE("one changed field counts nothing, however small the change") {
  const test::TemporaryDirectory directory;
  const std::string path = directory / "app.db";
  test::SqliteApplication app(path);
  app.exec("create table t(x)");
  test::Observer observer(path);
  observer.value("sqlite_transactions_total");
  set_be32(path, 24, GENERATE(9U, 0x7fffffffU, 0xffffffffU));
  CHECK(observer.value("sqlite_transactions_total") == 0);
  CHECK(observer.value("sqlite_transactions_total") == 0);
  CHECK(observer.value("sqlite_database_unseen_epochs_total") == 1);
}

/// The fastest that SQLite can be: on a RAM disk, without a journal, a sync, or a cause to think.
TEST_CASE("a really fast writer is counted whole") {
  const bool has_ram_disk = fs::is_directory("/dev/shm");
  const std::string path = (has_ram_disk ? "/dev/shm/sqlite_exporter." : "/tmp/sqlite_exporter.") +
                           std::to_string(::getpid()) + ".db";
  const std::string mode = GENERATE("memory", "off");
  {
    test::SqliteApplication app(path);
    app.exec("pragma busy_timeout=60000; pragma journal_mode=" + mode + "; pragma synchronous=off");
    app.exec("create table t(x integer primary key, y); insert into t values (1, 0)");
    test::Observer observer(path);
    observer.value("sqlite_transactions_total");
    app.start({.work = "update t set y = y + 1", .period = std::chrono::microseconds(0)});
    for (int look = 0; look < 1000; ++look) {
      observer.sample();
      observer.look();
    }
    app.stop();
    CHECK(observer.value("sqlite_transactions_total") == std::stod(app.query("select y from t")));
    CHECK(observer.value("sqlite_database_unseen_epochs_total") == 0);
    CHECK(observer.value("sqlite_transactions_total") > 0);
  }
  fs::remove(path);
}

}  // namespace
}  // namespace sqlite_exporter
