/// The runbooks in the program: every one can be found, and is cut where it should be.
#include "exporter/runbooks/runbooks.h"

#include <algorithm>
#include <string>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

constexpr Runbook kRunbook = {"SqliteX",
                              "# SqliteX\n\nOne line\nand another.\n\n"
                              "Values: `sqlite_a{state=\"b\"}`,\n`sqlite_c`.\n\n"
                              "## Meaning\n\n`sqlite_d`\n"};

TEST_CASE("every runbook is found by its alert, and all are in order") {
  CHECK(all_runbooks().size() > 14);
  CHECK(std::ranges::is_sorted(all_runbooks(), {}, &Runbook::alert));
  for (const Runbook& runbook : all_runbooks()) {
    CAPTURE(runbook.alert);
    CHECK(find_runbook(runbook.alert) == &runbook);
    CHECK(runbook.text.starts_with(std::string("# ").append(runbook.alert).append("\n\n")));
    CHECK_FALSE(summary_of(runbook).empty());
    CHECK_FALSE(values_of(runbook).empty());
    CHECK(body_of(runbook).starts_with("## Meaning\n"));
    CHECK(runbook.text.ends_with(body_of(runbook)));
  }
  CHECK(find_runbook("SqliteNo") == nullptr);
  CHECK(find_runbook("") == nullptr);
}

TEST_CASE("a runbook has a summary, values and a body") {
  CHECK(summary_of(kRunbook) == "One line\nand another.");
  CHECK(values_of(kRunbook) ==
        std::vector<RunbookValue>{{"sqlite_a", "state=\"b\""}, {"sqlite_c", ""}});
  CHECK(body_of(kRunbook) == "## Meaning\n\n`sqlite_d`\n");
}

TEST_CASE("a text that is no runbook has none of them") {
  for (const std::string_view text : {"", "#", "\n\nValues: `", "\n\nValues: `a", "`"}) {
    const Runbook runbook{"X", text};
    CAPTURE(text);
    CHECK(body_of(runbook).empty());
    CHECK(values_of(runbook).size() <= 1);
  }
}

}  // namespace
}  // namespace sqlite_exporter
