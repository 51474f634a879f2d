/// When a database was last written to, with clocks that are right and clocks that are not.
#include "collectors/last_write.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

constexpr double kNow = 1'795'176'000;

Look look_at(double database, std::optional<double> wal = std::nullopt, double last_commit = 0) {
  Look look;
  look.unix_time = kNow;
  look.database.emplace().modified = database;
  if (wal) look.wal.emplace().modified = *wal;
  look.sample.last_commit = last_commit;
  return look;
}

TEST_CASE("the latest of what the files and the samples say") {
  CHECK(last_write_of(look_at(kNow - 9)) == kNow - 9);
  CHECK(last_write_of(look_at(kNow - 9, kNow - 3)) == kNow - 3);
  CHECK(last_write_of(look_at(kNow - 9, kNow - 3, kNow - 2)) == kNow - 2);
  CHECK_FALSE(last_write_of(Look{}));
}

TEST_CASE("a time later than now is unknown") {
  CHECK_FALSE(last_write_of(look_at(kNow + 86400)));
  CHECK(last_write_of(look_at(kNow + 86400, kNow - 3)) == kNow - 3);
  CHECK(last_write_of(look_at(kNow - 9, kNow + 86400)) == kNow - 9);
  CHECK(last_write_of(look_at(kNow - 9, kNow - 3, kNow + 86400)) == kNow - 3);
}

TEST_CASE("clocks that differ by a moment are believed") {
  CHECK(last_write_of(look_at(kNow + 0.5)) == kNow + 0.5);
  CHECK_FALSE(last_write_of(look_at(kNow + 1.5)));
}

TEST_CASE("a board that has no clock yet says that it is 1970") {
  Look look = look_at(kNow);
  look.unix_time = 60;
  CHECK_FALSE(last_write_of(look));
}

}  // namespace
}  // namespace sqlite_exporter
