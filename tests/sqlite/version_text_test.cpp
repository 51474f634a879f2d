/// Versions of SQLite as text, and what is none.
#include "collectors/sqlite/version_text.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

TEST_CASE("a version is the number that SQLite gives it") {
  CHECK(parse_sqlite_version("3.40.1") == 3040001);
  CHECK(parse_sqlite_version("3.7.0") == 3007000);
  CHECK(parse_sqlite_version("3.8.11.1") == 3008011);
  CHECK(parse_sqlite_version("3.999.999") == 3999999);
}

TEST_CASE("what is no version of SQLite 3") {
  for (const char* text :
       {"", "3", "3.40", "3.40.", "3.40.1.", "3.40.1.2.3", "3.1000.0", "2.8.17", "4.0.0", "v3.40.1",
        "3.40.1-beta", " 3.40.1", "3..1", "3.-1.0", "3.40.99999999999", "3,40,1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_sqlite_version(text));
  }
}

}  // namespace
}  // namespace sqlite_exporter
