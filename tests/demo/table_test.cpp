/// The demo's table, letter by letter.
#include "tests/support/catch.h"

#include <limits>
#include <vector>

#include "exporter/demo/table.h"

namespace sqlite_exporter {
namespace {

TEST_CASE("a table without rows is its heading") {
  CHECK(demo_table({}) ==
        "DATABASE  MODE  TRANSACTIONS  WAL FRAMES  PINNED  WAL SIZE  LAST WRITE  PINNED BY\n");
}

TEST_CASE("text stands to the left, numbers to the right, the unknown is a dash") {
  const std::vector<DemoRow> rows = {
      {"pinned", "wal", 41, 97, 12, 4152032, 0.25, "reader (pid 812)"},
      {"late", {}, {}, {}, {}, {}, {}, {}},
      {"rollback", "rollback", 0, {}, {}, {}, 12.0, {}},
  };
  CHECK(demo_table(rows) ==
        "DATABASE  MODE      TRANSACTIONS  WAL FRAMES  PINNED  WAL SIZE  LAST WRITE  PINNED BY\n"
        "pinned    wal                 41          97      12   4.0 MiB   0.2 s ago  reader (pid "
        "812)\n"
        "late      -                    -           -       -         -           -  -\n"
        "rollback  rollback             0           -       -         -  12.0 s ago  -\n");
}

TEST_CASE("sizes change their unit at 1024 and stop at GiB") {
  const auto shows = [](std::uint64_t bytes, const std::string& size) {
    DemoRow row;
    row.wal_file_size_bytes = bytes;
    const std::vector<DemoRow> rows = {row};
    return demo_table(rows).find("  " + size + "  ") != std::string::npos;
  };
  CHECK(shows(0, "0 B"));
  CHECK(shows(1023, "1023 B"));
  CHECK(shows(1024, "1.0 KiB"));
  CHECK(shows(std::uint64_t{1} << 30U, "1.0 GiB"));
  CHECK(shows(std::uint64_t{1} << 50U, "1048576.0 GiB"));
}

TEST_CASE("a write ahead of the clock is now, an age that is no number is unknown") {
  std::vector<DemoRow> rows(1);
  rows[0].seconds_since_last_write = -0.3;
  CHECK(demo_table(rows).ends_with("  0.0 s ago  -\n"));
  rows[0].seconds_since_last_write = std::numeric_limits<double>::quiet_NaN();
  CHECK(demo_table(rows).ends_with("  -  -\n"));
}

}  // namespace
}  // namespace sqlite_exporter
