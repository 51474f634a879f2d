/// Lock times over sequences of samples whose truth is known.
#include "collectors/lock_time.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kPid = 7;
constexpr int kOtherPid = 8;

/// Samples a second apart, each standing for 100 ms.
class Samples {
 public:
  Samples& held(Lock lock, int pid = kPid) {
    next_.held[static_cast<std::size_t>(lock)] = LockHolder{true, pid};
    return *this;
  }
  Samples& commit() {
    ++next_.commits;
    return *this;
  }
  Samples& backfill() {
    ++next_.n_backfill;
    return *this;
  }
  void take(std::chrono::steady_clock::duration credit = milliseconds(100)) {
    now_ += seconds(1);
    next_.instant = {0, now_, credit, 0};
    time.observe(next_);
    next_.held = {};
  }
  /// Seconds since the hold in force was first seen, -1 without one.
  double hold(Lock lock) const {
    const auto& hold = time.hold(lock);
    return hold ? std::chrono::duration<double>(now_ - hold->since).count() : -1;
  }

  LockTime time;

 private:
  LockTime::Moment next_;
  std::chrono::steady_clock::time_point now_;
};

TEST_CASE("a lock's time is the sum of the credits of the samples that saw it") {
  Samples samples;
  samples.take();
  CHECK(samples.time.seconds(Lock::write) == 0);
  samples.held(Lock::write).take();
  samples.held(Lock::write).held(Lock::read).take(milliseconds(200));
  samples.take(seconds(1));
  samples.held(Lock::write).take(seconds(1));
  CHECK(samples.time.seconds(Lock::write) == Approx(1.3));
  CHECK(samples.time.seconds(Lock::read) == Approx(0.2));
  CHECK(samples.time.seconds(Lock::checkpoint) == 0);
}

TEST_CASE("a sample that stands for no time adds none, but shows the hold") {
  Samples samples;
  samples.held(Lock::write).take(seconds(0));
  CHECK(samples.time.seconds(Lock::write) == 0);
  CHECK(samples.hold(Lock::write) == 0);
}

TEST_CASE("a hold goes on while one process holds the lock and nothing is committed") {
  Samples samples;
  samples.held(Lock::write).take();
  samples.held(Lock::write).take();
  samples.held(Lock::write).take();
  CHECK(samples.hold(Lock::write) == 2);
  SECTION("a sample without it ends it") {
    samples.take();
    CHECK(samples.hold(Lock::write) == -1);
    samples.held(Lock::write).take();
    CHECK(samples.hold(Lock::write) == 0);
  }
  SECTION("another process begins a new one") {
    samples.held(Lock::write, kOtherPid).take();
    CHECK(samples.hold(Lock::write) == 0);
    CHECK(samples.time.hold(Lock::write)->pid == kOtherPid);
  }
  SECTION("a commit begins a new one") {
    samples.held(Lock::write).commit().take();
    CHECK(samples.hold(Lock::write) == 0);
    samples.held(Lock::write).take();
    CHECK(samples.hold(Lock::write) == 1);
  }
  SECTION("a checkpoint does not") {
    samples.held(Lock::write).backfill().take();
    CHECK(samples.hold(Lock::write) == 3);
  }
}

TEST_CASE("a checkpoint's hold goes on beside commits, and ends with its progress") {
  Samples samples;
  samples.held(Lock::checkpoint).take();
  samples.held(Lock::checkpoint).commit().take();
  CHECK(samples.hold(Lock::checkpoint) == 1);
  samples.held(Lock::checkpoint).backfill().take();
  CHECK(samples.hold(Lock::checkpoint) == 0);
}

TEST_CASE("one holder cannot be told from the next where pids cannot be seen") {
  Samples samples;
  samples.held(Lock::reserved, 0).take();
  samples.held(Lock::reserved, 0).take();
  CHECK(samples.hold(Lock::reserved) == 1);
}

TEST_CASE("readers have time but no hold") {
  Samples samples;
  samples.held(Lock::read).take();
  samples.held(Lock::read).take();
  CHECK(samples.time.seconds(Lock::read) == Approx(0.2));
  CHECK(samples.hold(Lock::read) == -1);
}

}  // namespace
}  // namespace sqlite_exporter
