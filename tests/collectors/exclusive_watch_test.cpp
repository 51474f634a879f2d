/// Exclusive locking as a mode, against transactions that look like it.
#include "collectors/exclusive_watch.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

constexpr double kStart = 1795176000;

/// One database, a sample each 100 ms.
class Scene {
 public:
  void free() { watch_.observe_free(now_ += 0.1); }
  bool held(JournalState journal, double journal_modified = 0) {
    now_ += 0.1;
    watch_.observe(locks_, {mode, counter, {journal, journal_modified}, false, pages, 0}, now_);
    return watch_.is_mode();
  }
  bool held_in_wal_mode(bool wal_absent) {
    now_ += 0.1;
    watch_.observe(locks_, {JournalMode::wal, counter, {}, wal_absent}, now_);
    return watch_.is_unwritten_wal();
  }
  bool is_suspected() const { return watch_.is_suspected(); }
  double now() const { return now_; }
  void hold_shared_alone() { locks_.reserved = locks_.pending = std::nullopt; }
  void change_process() { locks_.shared->pid = 13; }

  std::optional<JournalMode> mode = JournalMode::rollback;
  std::uint32_t counter = 7;
  std::uint32_t pages = 100;

 private:
  double now_ = kStart;
  DatabaseLocks locks_{LockHolder{true, 12}, LockHolder{true, 12}, LockHolder{true, 12}};
  ExclusiveWatch watch_;
};

TEST_CASE("a journal that is finished while the lock stays shows the mode, at two samples") {
  Scene scene;
  CHECK_FALSE(scene.held(JournalState::finished, kStart - 3600));
  CHECK(scene.held(JournalState::finished, kStart - 3600));
  SECTION("until the lock is seen free") {
    scene.free();
    CHECK_FALSE(scene.held(JournalState::absent));
    CHECK_FALSE(scene.held(JournalState::absent));
  }
  SECTION("until another process has it") {
    scene.change_process();
    CHECK_FALSE(scene.held(JournalState::finished, kStart - 3600));
  }
  SECTION("and through its transactions") {
    CHECK(scene.held(JournalState::in_use, scene.now()));
    CHECK(scene.held(JournalState::absent));
  }
}

TEST_CASE("in WAL mode without a -wal five samples in succession show it: closes pass by") {
  Scene scene;
  for (int i = 0; i < 4; ++i) CHECK_FALSE(scene.held_in_wal_mode(true));
  SECTION("of one hold") {
    CHECK(scene.held_in_wal_mode(true));
    scene.free();
    CHECK_FALSE(scene.held_in_wal_mode(true));
  }
  SECTION("not where one of them saw a -wal") {
    CHECK_FALSE(scene.held_in_wal_mode(false));
    CHECK_FALSE(scene.held_in_wal_mode(true));
  }
  SECTION("not of two processes") {
    scene.change_process();
    CHECK_FALSE(scene.held_in_wal_mode(true));
  }
}

TEST_CASE("a transaction that has begun its journal is none, however long it lasts") {
  Scene scene;
  for (int i = 0; i < 100; ++i) CHECK_FALSE(scene.held(JournalState::in_use, scene.now()));
}

TEST_CASE("a BEGIN EXCLUSIVE without a write is none") {
  Scene scene;
  scene.free();
  SECTION("with the journal of a commit before it, as journal_mode=PERSIST leaves it") {
    const double before = scene.now() - 5;
    for (int i = 0; i < 100; ++i) CHECK_FALSE(scene.held(JournalState::finished, before));
  }
  SECTION("without a journal") {
    for (int i = 0; i < 100; ++i) CHECK_FALSE(scene.held(JournalState::absent));
  }
}

TEST_CASE("a journal that was finished under the lock shows the mode") {
  Scene scene;
  scene.free();
  const double finished = scene.now() + 0.05;
  CHECK_FALSE(scene.held(JournalState::finished, finished));
  CHECK(scene.held(JournalState::finished, finished));
}

TEST_CASE("EXCLUSIVE without RESERVED is vfs=unix-excl") {
  Scene scene;
  scene.free();
  scene.hold_shared_alone();
  SECTION("and no recovery, which has a journal") {
    for (int i = 0; i < 10; ++i) CHECK_FALSE(scene.held(JournalState::in_use, scene.now()));
  }
  SECTION("with any other journal") {
    const JournalState journal = GENERATE(JournalState::absent, JournalState::finished);
    CHECK_FALSE(scene.held(journal));
    CHECK(scene.held(journal));
  }
}

TEST_CASE("without any journal a commit that wrote page 1 under the lock shows the mode") {
  Scene scene;
  scene.free();
  SECTION("journal_mode=MEMORY or OFF") {
    CHECK_FALSE(scene.held(JournalState::absent));
    ++scene.counter;
    CHECK_FALSE(scene.held(JournalState::absent));
    CHECK(scene.held(JournalState::absent));
  }
  SECTION("not a loop of transactions that delete theirs") {
    for (int i = 0; i < 50; ++i) {
      CHECK_FALSE(scene.held(i % 2 == 0 ? JournalState::in_use : JournalState::absent));
      ++scene.counter;
    }
  }
}

TEST_CASE("one that commits without pause is none, though each sample finds its lock") {
  Scene scene;
  scene.free();
  const JournalState journal = GENERATE(JournalState::finished, JournalState::absent);
  SECTION("with more commits than pages are added") {
    const std::uint32_t added = GENERATE(0U, 1U);
    CHECK_FALSE(scene.held(journal, scene.now() + 0.1));
    for (int i = 0; i < 200; ++i) {
      scene.counter += 3;
      scene.pages += added;
      CHECK_FALSE(scene.held(journal, scene.now() + 0.1));
      CHECK_FALSE(scene.is_suspected());
    }
  }
  SECTION("with a page for each of them, as long as no sample has had the time to find it free") {
    for (int i = 0; i < 40; ++i) {
      CHECK_FALSE(scene.held(journal, scene.now() + 0.1));
      ++scene.counter;
      ++scene.pages;
    }
    scene.free();
    CHECK_FALSE(scene.held(journal, scene.now() + 0.1));
  }
}

TEST_CASE("one whose journal takes its time to end is none") {
  Scene scene;
  scene.free();
  for (int i = 0; i < 20; ++i) {
    CHECK_FALSE(scene.held(JournalState::in_use, scene.now()));
    ++scene.counter;
    ++scene.pages;
    const double ended = scene.now();
    for (int stall = 0; stall < 9 && i < 4; ++stall)
      CHECK_FALSE(scene.held(JournalState::finished, ended));
  }
  SECTION("but the mode at rest is told") {
    const double ended = scene.now();
    for (int rest = 0; rest < 9; ++rest) scene.held(JournalState::finished, ended);
    CHECK(scene.held(JournalState::finished, ended));
  }
}

TEST_CASE("under load the mode is told after a while, and stays") {
  Scene scene;
  scene.free();
  int samples = 0;
  while (!scene.held(JournalState::finished, scene.now() + 0.1) && ++samples < 100) {
    ++scene.counter;
    ++scene.pages;
  }
  CHECK(samples == 49);
  scene.counter += 10;  // pages are freed and taken again
  CHECK(scene.held(JournalState::in_use, scene.now()));
}

TEST_CASE("vfs=unix-excl moves the change counter with each commit") {
  Scene scene;
  scene.free();
  scene.hold_shared_alone();
  CHECK_FALSE(scene.held(JournalState::absent));
  for (int i = 0; i < 10; ++i) {
    scene.counter += 5;
    CHECK(scene.held(JournalState::absent));
  }
}

TEST_CASE("in WAL mode EXCLUSIVE is the mode, what is not a header is not known") {
  Scene scene;
  SECTION("WAL") {
    scene.mode = JournalMode::wal;
    CHECK_FALSE(scene.held(JournalState::absent));  // the last close takes it for a moment
    CHECK(scene.held(JournalState::absent));
  }
  SECTION("unknown") {
    scene.mode.reset();
    CHECK_FALSE(scene.held(JournalState::absent));
    CHECK_FALSE(scene.held(JournalState::absent));
  }
}

}  // namespace
}  // namespace sqlite_exporter
