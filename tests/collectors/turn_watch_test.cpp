/// Readers in turn that never leave the WAL to start over, and all that only looks so.
#include "collectors/turn_watch.h"

#include <chrono>

#include "tests/support/catch.h"

namespace sqlite_exporter::test {
namespace {

TurnWatch::Moment moment(int second, std::uint32_t mx_frame = 9'800) {
  TurnWatch::Moment moment;
  moment.index.mx_frame = mx_frame + static_cast<std::uint32_t>(second);
  moment.index.n_backfill = mx_frame - 100;
  moment.index.salts = {1, 2};
  moment.read_marks_held = true;
  moment.taken = std::chrono::steady_clock::time_point(std::chrono::seconds(second));
  return moment;
}

bool in_turn(TurnWatch& watch, int from, int to, void (*change)(TurnWatch::Moment&) = nullptr) {
  for (int second = from; second <= to; ++second) {
    TurnWatch::Moment now = moment(second);
    if (change != nullptr) change(now);
    watch.observe(now);
  }
  return watch.readers_in_turn();
}

TEST_CASE("readers that follow each other for half a minute over a checkpointed WAL are in turn") {
  TurnWatch watch;
  CHECK_FALSE(in_turn(watch, 0, 29));
  CHECK(in_turn(watch, 30, 31));
  TurnWatch::Moment free = moment(32);
  free.read_marks_held = false;  // the next writer may start the WAL over
  watch.observe(free);
  CHECK_FALSE(in_turn(watch, 33, 62));
  CHECK(in_turn(watch, 63, 64));
}

TEST_CASE("what has another cause, or none, is nobody's turn") {
  using Moment = TurnWatch::Moment;
  TurnWatch old_reader;
  CHECK_FALSE(in_turn(old_reader, 0, 90, [](Moment& now) { now.held_back = true; }));
  TurnWatch small;
  CHECK_FALSE(in_turn(small, 0, 90, [](Moment& now) {
    now.index.mx_frame = 1'000;
    now.index.n_backfill = 1'000;
  }));
  TurnWatch behind;
  CHECK_FALSE(in_turn(behind, 0, 90, [](Moment& now) { now.index.n_backfill = 100; }));
  TurnWatch idle;
  CHECK_FALSE(in_turn(idle, 0, 90, [](Moment& now) { now.index.mx_frame = 9'800; }));
  TurnWatch started_over;
  CHECK_FALSE(in_turn(started_over, 0, 90, [](Moment& now) {
    const auto minutes = now.taken.time_since_epoch() / std::chrono::seconds(25);
    now.index.salts.salt1 = static_cast<std::uint32_t>(minutes);
  }));
}

}  // namespace
}  // namespace sqlite_exporter::test
