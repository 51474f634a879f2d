/// The first and last versions on both sides of each edge.
#include "tests/support/catch.h"

#include <limits>

#include "collectors/sqlite/known_bug.h"

namespace sqlite_exporter {
namespace {

TEST_CASE("versions with the WAL-reset bug") {
  for (const std::uint32_t version : {3007000U, 3007001U, 3040001U, 3043999U, 3044000U, 3044005U,
                                      3045000U, 3049002U, 3050000U, 3050006U, 3051000U, 3051002U}) {
    CAPTURE(version);
    CHECK(has_wal_reset_bug(version));
  }
}

TEST_CASE("versions without the WAL-reset bug") {
  for (const std::uint32_t version :
       {0U, 1U, 3006023U, 3006999U, 3044006U, 3044007U, 3044999U, 3050007U, 3050008U, 3050999U,
        3051003U, 3052000U, 3053000U, 4000000U, std::numeric_limits<std::uint32_t>::max()}) {
    CAPTURE(version);
    CHECK_FALSE(has_wal_reset_bug(version));
  }
}

TEST_CASE("the WAL-reset bug is a question for the compiler, too") {
  STATIC_REQUIRE(has_wal_reset_bug(3040001));
  STATIC_REQUIRE_FALSE(has_wal_reset_bug(3051003));
}

TEST_CASE("Turso is other code, and stamps its version twice") {
  DatabaseHeader header;
  header.sqlite_version_number = 3047000;
  CHECK(has_wal_reset_bug(header));
  header.by_turso = true;
  CHECK_FALSE(has_wal_reset_bug(header));
  CHECK_FALSE(has_wal_reset_bug(DatabaseHeader()));
}

}  // namespace
}  // namespace sqlite_exporter
