/// The names of SQLite's files beside a database.
#include "tests/support/catch.h"

#include "collectors/base/database_files.h"

namespace sqlite_exporter {
namespace {

TEST_CASE("files beside a database name it") {
  CHECK(database_beside("/d/a.db-wal") == "/d/a.db");
  CHECK(database_beside("/d/a.db-shm") == "/d/a.db");
  CHECK(database_beside("a.db-journal") == "a.db");
  CHECK(database_beside("a-wal-shm") == "a-wal");
  CHECK(database_beside("-wal") == "");
}

TEST_CASE("other names are of no database but themselves") {
  for (const std::string_view name : {"", "/d/a.db", "a.db-wal2", "a.db-WAL", "wal", "a-wal/b"}) {
    CAPTURE(name);
    CHECK_FALSE(database_beside(name));
  }
}

}  // namespace
}  // namespace sqlite_exporter
