/// The counters of a WAL against sequences of wal-index moments whose truth is known.
#include "collectors/wal_counters.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

constexpr FileIdentity kShm{1, 10};
constexpr FileIdentity kOtherShm{1, 11};

WalMoment moment(std::uint32_t i_change, std::uint32_t mx_frame, std::uint32_t salt1,
                 bool attached = true, FileIdentity shm = kShm) {
  WalMoment at;
  at.shm = shm;
  at.attached = attached;
  at.index.i_change = i_change;
  at.index.mx_frame = mx_frame;
  if (salt1 != 0) at.index.salts = {salt1, salt1 * 7};
  return at;
}

std::uint32_t no_tail(const OldGeneration& old, const WalIndex&) { return old.mx_frame; }

WalTotals after(std::initializer_list<WalMoment> moments) {
  WalCounters counters;
  for (const WalMoment& at : moments) counters.observe(at, no_tail);
  return counters.totals();
}

TEST_CASE("the first moment is the baseline and counts nothing") {
  CHECK(after({moment(1000, 500, 3)}) == WalTotals{});
}

TEST_CASE("transactions and frames grow with iChange and mxFrame") {
  CHECK(after({moment(1000, 500, 3), moment(1007, 521, 3)}) == WalTotals{7, 21, 0, 0});
}

TEST_CASE("iChange is followed across its wrap") {
  CHECK(after({moment(0xfffffffe, 5, 3), moment(3, 10, 3)}).transactions == 5);
}

TEST_CASE("a reset counts the frames of the new generation") {
  CHECK(after({moment(10, 100, 3), moment(12, 4, 4)}) == WalTotals{2, 4, 1, 0});
}

TEST_CASE("a reset counts what the old generation still got") {
  WalCounters counters;
  counters.observe(moment(10, 100, 3), no_tail);
  counters.observe(moment(12, 4, 4), [](const OldGeneration& old, const WalIndex& now) {
    CHECK(old.mx_frame == 100);
    CHECK(old.salts.salt1 == 3);
    CHECK(now.mx_frame == 4);
    return 130U;
  });
  CHECK(counters.totals() == WalTotals{2, 34, 1, 0});
}

TEST_CASE("a tail scan that falls short never makes a counter run backwards") {
  WalCounters counters;
  counters.observe(moment(10, 100, 3), no_tail);
  counters.observe(moment(12, 4, 4), [](const OldGeneration&, const WalIndex&) { return 1U; });
  CHECK(counters.totals() == WalTotals{2, 4, 1, 0});
}

TEST_CASE("several resets between two moments are all counted, their frames are not") {
  CHECK(after({moment(10, 100, 3), moment(900, 4, 8)}) == WalTotals{890, 4, 5, 4});
}

TEST_CASE("a random salt after frames is one reset or more, and says so") {
  CHECK(after({moment(10, 100, 3), moment(11, 4, 0x80000000)}) == WalTotals{1, 4, 1, 1});
}

TEST_CASE("a random salt over an empty generation is no reset: its first writer drew it") {
  CHECK(after({moment(10, 0, 3), moment(11, 4, 0x80000000)}) == WalTotals{1, 4, 0, 0});
}

TEST_CASE("the first generation of a new WAL is no reset") {
  CHECK(after({moment(0, 0, 0), moment(1, 4, 77)}) == WalTotals{1, 4, 0, 0});
}

TEST_CASE("after the last close the new iChange counts whole") {
  WalCounters counters;
  counters.observe(moment(1000, 500, 3), no_tail);
  counters.observe_absence();
  counters.observe(moment(2, 4, 99, true, kOtherShm), no_tail);
  CHECK(counters.totals() == WalTotals{2, 4, 0, 1});
}

TEST_CASE("a database seen absent first starts to count with its first transactions") {
  WalCounters counters;
  counters.observe_absence();
  counters.observe(moment(5, 9, 99), no_tail);
  CHECK(counters.totals() == WalTotals{5, 9, 0, 0});
}

TEST_CASE("a replaced wal-index is a new epoch even if iChange is larger") {
  CHECK(after({moment(10, 100, 3), moment(40, 50, 9, true, kOtherShm)}).transactions == 40);
}

TEST_CASE("recovery after a crash restarts iChange and keeps the frames that were counted") {
  CHECK(after({moment(10, 100, 3), moment(10, 100, 3, false), moment(2, 104, 3)}) ==
        WalTotals{2, 4, 0, 0});
}

TEST_CASE("after the switch was free an iChange that has overtaken the old one counts whole") {
  CHECK(after({moment(10, 100, 3, false), moment(25, 130, 3)}).transactions == 25);
}

TEST_CASE("recovery that finds fewer frames takes nothing back") {
  CHECK(after({moment(10, 100, 3), moment(1, 90, 3), moment(2, 95, 3)}) == WalTotals{2, 5, 0, 0});
}

TEST_CASE("commits before a crash count though the switch is free by now") {
  CHECK(after({moment(10, 100, 3), moment(13, 112, 3, false)}) == WalTotals{3, 12, 0, 0});
}

TEST_CASE("locks that cannot be seen do not count each sample anew") {
  CHECK(after({moment(10, 100, 3, false), moment(13, 112, 3, false), moment(15, 120, 3, false)}) ==
        WalTotals{5, 20, 0, 0});
}

TEST_CASE("locks that become visible over an unchanged wal-index count nothing") {
  CHECK(after({moment(10, 100, 3, false), moment(10, 100, 3)}) == WalTotals{});
}

/// A second later, with the switch held or free.
WalMoment later(WalMoment at, int second) {
  at.taken = std::chrono::steady_clock::time_point(std::chrono::seconds(100 + second));
  return at;
}

TEST_CASE("an iChange for which there was no time is a new baseline, and so is what follows it") {
  WalCounters counters;
  counters.observe(later(moment(10, 100, 3), 0), no_tail);
  const std::uint32_t forged = GENERATE(0x80000000U, 111U);  // or without a frame for each
  counters.observe(later(moment(forged, 110, 3), 1), no_tail);
  CHECK(counters.totals() == WalTotals{0, 0, 0, 1, 1});
  const std::uint32_t next = GENERATE_COPY(forged + 2, 12U);
  counters.observe(later(moment(next, 112, 3), 2), no_tail);
  counters.observe(later(moment(next + 1, 113, 3), 3), no_tail);
  CHECK(counters.totals().transactions == (next == 12 ? 1 : 3));
  CHECK(counters.totals().unseen_epochs == (next == 12 ? 2 : 1));
}

TEST_CASE("a new wal-index with an iChange for which there was no time counts nothing") {
  WalCounters counters;
  counters.observe_absence(std::chrono::steady_clock::time_point(std::chrono::seconds(100)));
  counters.observe(later(moment(3'000'000, 9, 99), 1), no_tail);
  CHECK(counters.totals().transactions == 0);
  counters.observe(later(moment(3'000'001, 10, 99), 2), no_tail);
  CHECK(counters.totals().transactions == 1);
  CHECK(counters.totals().unseen_epochs == 1);
}

TEST_CASE("resets for which there was no time are one or more") {
  WalCounters counters;
  counters.observe(later(moment(10, 100, 3), 0), no_tail);
  counters.observe(later(moment(11, 4, 3 + 900'000), 1), no_tail);
  CHECK(counters.totals() == WalTotals{1, 4, 1, 1});
}

TEST_CASE("frames that the -wal does not hold are not counted") {
  WalCounters counters;
  counters.observe(moment(10, 100, 3), no_tail);
  WalMoment at = moment(11, 0x7fffffff, 3);
  at.frames_fit = false;
  counters.observe(at, no_tail);
  CHECK(counters.totals() == WalTotals{1, 0, 0, 1});
}

TEST_CASE("a wal-index that a restore brought along counts nothing") {
  WalCounters counters;
  SECTION("where there was none") {
    counters.observe_absence();
    counters.observe(moment(5000, 9, 99, false), no_tail);
    CHECK(counters.totals().unseen_epochs == 1);
  }
  SECTION("as another file") {
    SUCCEED();
    counters.observe(moment(10, 100, 3, false), no_tail);
    counters.observe(moment(5000, 9, 99, false, kOtherShm), no_tail);
  }
  SECTION("over the one that was left behind") {
    SUCCEED();
    counters.observe(moment(10, 100, 3, false), no_tail);
    counters.observe(moment(5000, 9, 0x80000000, false), no_tail);
  }
  CHECK(counters.totals().transactions == 0);
  counters.observe(moment(2, 11, 99), no_tail);  // somebody opens it and recovers
  CHECK(counters.totals().transactions == 2);
  CHECK(counters.totals().unseen_epochs == 1);
}

}  // namespace
}  // namespace sqlite_exporter
