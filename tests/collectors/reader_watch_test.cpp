/// Readers over sequences of wal-index moments whose truth is known.
#include "collectors/reader_watch.h"

#include <map>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using std::chrono::seconds;

constexpr std::uint32_t kMxFrame = 100;

/// A wal-index of 100 frames, and locks on the marks given.
struct Moment {
  explicit Moment(std::uint32_t n_backfill, const std::map<std::size_t, std::uint32_t>& marks) {
    index.mx_frame = kMxFrame;
    index.n_backfill = n_backfill;
    index.salts = {1, 2};
    index.read_mark.fill(kUnusedReadMark);
    index.read_mark[0] = 0;
    for (const auto& [mark, frame] : marks) {
      index.read_mark[mark] = frame;
      locks.read[mark] = LockHolder{false, 7};
    }
  }
  std::uint32_t pinned() const { return pinned_frames(index, locks); }

  WalIndex index;
  WalLocks locks;
};

TEST_CASE("frames above the smallest mark that is held are pinned") {
  CHECK(Moment(0, {}).pinned() == 0);
  CHECK(Moment(0, {{1, 30}}).pinned() == 70);
  CHECK(Moment(0, {{1, 60}, {3, 40}, {4, 90}}).pinned() == 60);
  CHECK(Moment(0, {{2, kMxFrame}}).pinned() == 0);
}

TEST_CASE("what is checkpointed already is not pinned") {
  CHECK(Moment(50, {{1, 30}}).pinned() == 50);
  CHECK(Moment(kMxFrame, {{1, 30}}).pinned() == 0);
}

TEST_CASE("a mark that nobody holds pins nothing") {
  Moment moment(0, {{1, 30}});
  moment.locks.read[1].reset();
  CHECK(moment.pinned() == 0);
}

TEST_CASE("READ0 pins all that is not checkpointed, whatever its mark says") {
  CHECK(Moment(20, {{0, 0}}).pinned() == 80);
  CHECK(Moment(20, {{0, 0}, {1, 60}}).pinned() == 80);
  CHECK(Moment(kMxFrame, {{0, 0}}).pinned() == 0);
}

TEST_CASE("marks that moved between two readings lose their readers, others keep them") {
  const Moment before(0, {{0, 0}, {1, 30}, {2, 40}});
  Moment now = before;
  now.index.read_mark[1] = 80;
  drop_moved_readers(before.index, now.index, now.locks);
  CHECK(now.locks.read[0]);
  CHECK_FALSE(now.locks.read[1]);
  CHECK(now.locks.read[2]);
  now.index.salts.salt1 = 9;
  drop_moved_readers(before.index, now.index, now.locks);
  CHECK_FALSE(now.locks.read[0]);
  CHECK_FALSE(now.locks.read[2]);
}

/// Observes moments a second apart.
class Watched {
 public:
  void take(const Moment& moment) {
    now_ += seconds(1);
    watch.observe(moment.index, moment.locks, now_);
  }
  /// Seconds since an old reader was first seen on the mark, -1 without one.
  double age(std::size_t mark) const {
    const auto& reader = watch.readers()[mark];
    return reader ? std::chrono::duration<double>(now_ - reader->since).count() : -1;
  }
  bool seen_twice(std::size_t mark) const { return watch.readers()[mark].value().seen_twice; }

  ReaderWatch watch;

 private:
  std::chrono::steady_clock::time_point now_;
};

TEST_CASE("a reader is old for as long as its mark is held and does not move") {
  Watched watched;
  watched.take(Moment(0, {{2, 30}}));
  CHECK(watched.age(2) == 0);
  CHECK_FALSE(watched.seen_twice(2));
  watched.take(Moment(0, {{2, 30}}));
  watched.take(Moment(0, {{2, 30}, {1, 50}}));
  CHECK(watched.age(2) == 2);
  CHECK(watched.seen_twice(2));
  CHECK(watched.age(1) == 0);
  CHECK_FALSE(watched.seen_twice(1));
  SECTION("it moved: another reader") {
    watched.take(Moment(0, {{2, 31}, {1, 50}}));
    CHECK(watched.age(2) == 0);
    CHECK_FALSE(watched.seen_twice(2));
    CHECK(watched.age(1) == 1);
  }
  SECTION("it was let go") {
    watched.take(Moment(0, {{1, 50}}));
    CHECK(watched.age(2) == -1);
    watched.take(Moment(0, {{2, 30}}));
    CHECK(watched.age(2) == 0);
  }
  SECTION("the WAL started over") {
    Moment moment(0, {{2, 30}});
    moment.index.salts.salt1 = 9;
    watched.take(moment);
    CHECK(watched.age(2) == 0);
  }
  SECTION("nothing could be seen for a while") {
    watched.watch.forget();
    CHECK(watched.age(2) == -1);
    watched.take(Moment(0, {{2, 30}}));
    CHECK(watched.age(2) == 0);
  }
}

TEST_CASE("a reader of all there is is not old") {
  Watched watched;
  watched.take(Moment(0, {{1, kMxFrame}}));
  CHECK(watched.age(1) == -1);
  watched.take(Moment(kMxFrame, {{1, 30}, {0, 0}}));
  CHECK(watched.age(1) == -1);
  CHECK(watched.age(0) == -1);
}

TEST_CASE("READ0 is old while frames wait") {
  Watched watched;
  watched.take(Moment(20, {{0, 0}}));
  watched.take(Moment(20, {{0, 0}}));
  CHECK(watched.age(0) == 1);
  CHECK(watched.watch.readers()[0]->safe_frame == 20);
}

TEST_CASE("with all four marks taken the highest may be held by a new reader each time") {
  Watched watched;
  const Moment all(0, {{1, 10}, {2, 40}, {3, 30}, {4, 20}});
  watched.take(all);
  watched.take(all);
  CHECK(watched.age(2) == 0);
  CHECK_FALSE(watched.seen_twice(2));
  for (const std::size_t mark : {1U, 3U, 4U}) CHECK(watched.age(mark) == 1);
}

}  // namespace
}  // namespace sqlite_exporter
