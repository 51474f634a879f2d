/// Percentages: what is read, and what is refused.
#include "exporter/percentage.h"

#include <string>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

TEST_CASE("a percentage is a number and a sign") {
  CHECK(parse_percentage("1%").value() == 0.01);
  CHECK(parse_percentage("0.5%").value() == 0.005);
  CHECK(parse_percentage("100%").value() == 1);
  CHECK(parse_percentage("0%").value() == 0);
  CHECK(parse_percentage("007.250%").value() == 0.0725);
}

TEST_CASE("any other text than a percentage is refused with the text") {
  for (const std::string text : {"", "%", "1", "1 %", " 1%", "1% ", "+1%", "-1%", "1e0%", "1,5%",
                                 "1.%", ".5%", "1.5.5%", "0x1%", "nan%", "inf%", "1%%", "one%"}) {
    const auto percentage = parse_percentage(text);
    CAPTURE(text);
    REQUIRE_FALSE(percentage);
    CHECK(percentage.error().code == Errc::config);
    CHECK(percentage.error().message == "\"" + text + "\" is not a percentage such as 1% or 0.5%");
  }
}

}  // namespace
}  // namespace sqlite_exporter
