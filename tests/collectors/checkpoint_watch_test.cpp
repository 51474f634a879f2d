/// Checkpoints over sequences of wal-index moments whose truth is known.
#include "collectors/checkpoint_watch.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using std::chrono::seconds;

constexpr int kPid = 7;

/// Samples a second apart of one WAL; `index` and `pinned` are what the next shows.
class Samples {
 public:
  explicit Samples(std::uint32_t mx_frame = 100, std::uint32_t n_backfill = 0) {
    index.mx_frame = mx_frame;
    index.n_backfill = index.n_backfill_attempted = n_backfill;
    index.salts = {1, 1};
    take(std::nullopt, false);
  }
  const CheckpointTotals& take(std::optional<int> checkpointer = std::nullopt,
                               bool same_epoch = true) {
    const std::uint64_t resets = index.salts.salt1 - last_salt1_;
    last_salt1_ = index.salts.salt1;
    now_ += seconds(1);
    unix_time += 1;
    CheckpointWatch::Moment moment;
    moment.index = index;
    moment.checkpointer = checkpointer;
    moment.same_epoch = same_epoch;
    moment.resets = same_epoch ? resets : 0;
    moment.pinned_frames = pinned;
    moment.instant = {unix_time, now_, seconds(0)};
    watch_.observe(moment);
    return watch_.totals();
  }
  void backfill(std::uint32_t frames) { index.n_backfill = index.n_backfill_attempted = frames; }
  void attempt(std::uint32_t frames) { index.n_backfill_attempted = frames; }
  void reset(std::uint32_t times, std::uint32_t mx_frame) {
    index.salts.salt1 += times;
    index.mx_frame = mx_frame;
    backfill(0);
  }
  void pass(seconds time) { now_ += time; }

  WalIndex index;
  std::uint32_t pinned = 0;
  double unix_time = 1000;

 private:
  CheckpointWatch watch_;
  std::uint32_t last_salt1_ = 1;
  std::chrono::steady_clock::time_point now_;
};

TEST_CASE("the first sample counts nothing") {
  Samples samples(100, 60);
  CHECK(samples.take().checkpoints == 0);
  CHECK(samples.take().last_progress == 0);
}

TEST_CASE("a checkpoint that moved frames is counted once, with its time") {
  Samples samples;
  samples.backfill(40);
  CHECK(samples.take().checkpoints == 1);
  const double first = samples.unix_time;
  CHECK(samples.take().last_progress == first);
  samples.index.mx_frame = 200;
  CHECK(samples.take().checkpoints == 1);
  samples.backfill(200);
  CHECK(samples.take().checkpoints == 2);
  const double second = samples.unix_time;
  CHECK(samples.take().last_progress == second);
}

TEST_CASE("each reset follows a complete checkpoint") {
  Samples samples;
  SECTION("that was seen before") {
    samples.backfill(100);
    samples.take();
    samples.reset(1, 5);
    CHECK(samples.take().checkpoints == 1);
  }
  SECTION("that was not seen") {
    samples.reset(1, 5);
    CHECK(samples.take().checkpoints == 1);
  }
  SECTION("several, and the present WAL has one as well") {
    samples.reset(3, 50);
    samples.backfill(20);
    CHECK(samples.take().checkpoints == 4);
  }
  SECTION("several after one seen, and the present WAL has one as well") {
    samples.backfill(100);
    samples.take();
    samples.reset(3, 50);
    samples.backfill(50);
    CHECK(samples.take().checkpoints == 4);
  }
}

TEST_CASE("an application that only ever restarts or truncates its WAL has made checkpoints") {
  Samples samples(0);
  for (std::uint64_t i = 1; i <= 5; ++i) {
    samples.reset(1, 0);  // it was empty at the last sample too, and full in between
    const CheckpointTotals& totals = samples.take();
    CHECK(totals.checkpoints == i);
    CHECK(totals.last_progress == samples.unix_time);
  }
}

TEST_CASE("a checkpoint seen at work is counted once") {
  Samples samples;
  samples.take(kPid);
  SECTION("it got nowhere") { CHECK(samples.take().checkpoints == 1); }
  SECTION("it was followed by that of another process") {
    CHECK(samples.take(kPid + 1).checkpoints == 1);
    CHECK(samples.take().checkpoints == 2);
  }
  SECTION("it moved frames before it was gone") {
    samples.backfill(100);
    CHECK(samples.take(kPid).checkpoints == 1);
    CHECK(samples.take().checkpoints == 1);
  }
  SECTION("it moved frames and was gone") {
    samples.backfill(100);
    CHECK(samples.take().checkpoints == 1);
    CHECK(samples.take().checkpoints == 1);
  }
  SECTION("it takes long") {
    CHECK(samples.take(kPid).checkpoints == 0);
    CHECK(samples.take(kPid).checkpoints == 0);
    CHECK(samples.take().checkpoints == 1);
  }
}

TEST_CASE("another epoch is a new baseline") {
  Samples samples;
  samples.index.salts = {77, 77};
  samples.backfill(50);
  CHECK(samples.take(std::nullopt, false).checkpoints == 0);
  samples.backfill(60);
  CHECK(samples.take().checkpoints == 1);
}

TEST_CASE("an attempt that nobody is at any more has failed, as two samples agree") {
  Samples samples;
  samples.attempt(100);
  CHECK(samples.take().failures == 0);
  CHECK(samples.take().failures == 1);
  SECTION("and is one failure, however long it stays so") {
    for (int i = 0; i < 10; ++i) samples.take();
    CHECK(samples.take().failures == 1);
    samples.index.mx_frame = 120;  // the application writes on
    CHECK(samples.take().failures == 1);
    CHECK(samples.take().failures == 1);
  }
  SECTION("the next attempt is another") {
    samples.attempt(120);
    CHECK(samples.take().failures == 1);
    CHECK(samples.take().failures == 2);
    CHECK(samples.take().failures == 2);
  }
  SECTION("the next attempt at as many frames is another, if it was seen at work") {
    samples.take(kPid);
    samples.take();
    CHECK(samples.take().failures == 2);
    CHECK(samples.take().failures == 2);
  }
  SECTION("after one that succeeded it may fail anew") {
    samples.backfill(100);
    CHECK(samples.take().failures == 1);
    samples.index.mx_frame = 150;
    samples.attempt(150);
    samples.take();
    CHECK(samples.take().failures == 2);
  }
  SECTION("in the next generation it may fail anew") {
    samples.reset(1, 100);
    samples.attempt(100);
    CHECK(samples.take().failures == 1);
    CHECK(samples.take().failures == 2);
  }
}

TEST_CASE("an attempt that goes on from sample to sample is no failure yet") {
  Samples samples;
  samples.attempt(40);
  samples.take();
  samples.attempt(100);
  CHECK(samples.take().failures == 0);
  CHECK(samples.take().failures == 1);
}

TEST_CASE("an attempt at work is no failure") {
  Samples samples;
  samples.attempt(100);
  for (int i = 0; i < 5; ++i) CHECK(samples.take(kPid).failures == 0);
  SECTION("it succeeds") {
    samples.backfill(100);
    CHECK(samples.take(kPid).failures == 0);
    CHECK(samples.take().failures == 0);
  }
  SECTION("its lock was probed before it was taken, once") {
    CHECK(samples.take().failures == 0);
    CHECK(samples.take(kPid).failures == 0);
    CHECK(samples.take().failures == 0);
    samples.backfill(100);
    CHECK(samples.take().failures == 0);
  }
  SECTION("it fails") {
    samples.take();
    CHECK(samples.take().failures == 1);
  }
}

TEST_CASE("the attempt that a recovery leaves is no failure") {
  Samples samples;
  samples.attempt(100);
  samples.take(std::nullopt, false);
  for (int i = 0; i < 5; ++i) CHECK(samples.take().failures == 0);
  samples.index.mx_frame = 130;
  CHECK(samples.take().failures == 0);
  samples.attempt(130);
  samples.take();
  CHECK(samples.take().failures == 1);
}

TEST_CASE("frames wait unattended: ten thousand of them, for a minute, with nothing in the way") {
  Samples samples(10'050, 50);
  samples.pass(seconds(57));
  CHECK_FALSE(samples.take().unattended);  // 58 s since the first sample
  SECTION("a minute has passed") {
    samples.take();
    CHECK(samples.take().unattended);
    CHECK(samples.take().unattended);
    samples.backfill(51);
    CHECK_FALSE(samples.take().unattended);
  }
  SECTION("a checkpoint at work begins the minute anew") {
    samples.take(kPid);
    CHECK_FALSE(samples.take().unattended);
    samples.pass(seconds(58));
    CHECK_FALSE(samples.take().unattended);
    CHECK(samples.take().unattended);
  }
  SECTION("a pinned frame begins the minute anew") {
    samples.pinned = 1;
    samples.pass(seconds(100));
    CHECK_FALSE(samples.take().unattended);
    samples.pinned = 0;
    CHECK_FALSE(samples.take().unattended);
  }
  SECTION("progress begins the minute anew") {
    samples.index.mx_frame = 30'000;
    samples.backfill(1000);
    samples.pass(seconds(100));
    CHECK_FALSE(samples.take().unattended);
  }
  SECTION("9,999 frames are not many") {
    samples.index.mx_frame = 10'049;
    samples.pass(seconds(100));
    CHECK_FALSE(samples.take().unattended);
  }
}

}  // namespace
}  // namespace sqlite_exporter
