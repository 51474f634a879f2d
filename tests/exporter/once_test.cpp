/// What a page of one moment leaves out.
#include "exporter/once.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

constexpr std::string_view kPage =
    "# HELP a_total A.\n# TYPE a_total counter\na_total 1\na_total{x=\"# HELP b B.\"} 2\n"
    "# HELP a A.\n# TYPE a gauge\na 1\n"
    "# HELP b B.\n# TYPE b gauge\nb{x=\"1\"} 1\nb{x=\"2\"} 1\n";

TEST_CASE("whole families are left out, by their exact names") {
  CHECK(without_families(kPage, {}) == kPage);
  CHECK(without_families(kPage, {"a_total", "b"}) == "# HELP a A.\n# TYPE a gauge\na 1\n");
  CHECK(without_families(kPage, {"a", "a_total"}) ==
        "# HELP b B.\n# TYPE b gauge\nb{x=\"1\"} 1\nb{x=\"2\"} 1\n");
  CHECK(without_families(kPage, {"a", "a_total", "b"}).empty());
  CHECK(without_families("", {"a"}).empty());
}

TEST_CASE("a page without an end of line ends with it") {
  CHECK(without_families("# HELP a A.\na 1", {}) == "# HELP a A.\na 1");
  CHECK(without_families("# HELP a A.\na 1", {"a"}).empty());
}

}  // namespace
}  // namespace sqlite_exporter
