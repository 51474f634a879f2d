/// Durations: what is read, what is refused, and that what is written reads back.
#include "exporter/duration.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a duration is a whole number and one unit") {
  CHECK(parse_duration("500ms").value() == 500ms);
  CHECK(parse_duration("5s").value() == 5s);
  CHECK(parse_duration("1m").value() == 1min);
  CHECK(parse_duration("1h").value() == 1h);
  CHECK(parse_duration("0s").value() == 0s);
  CHECK(parse_duration("9223372036854775807ms").value().count() == 9223372036854775807);
}

TEST_CASE("anything else is refused with the text") {
  for (const std::string text : {"", "5", "s", "-5s", "+5s", "5 s", " 5s", "5s ", "5.5s", "5d",
                                 "1m30s", "5S", "2562047788016h", "99999999999999999999ms"}) {
    const auto duration = parse_duration(text);
    CAPTURE(text);
    REQUIRE_FALSE(duration);
    CHECK(duration.error().code == Errc::config);
    CHECK(duration.error().message ==
          "\"" + text + "\" is not a duration such as 500ms, 5s, 1m or 1h");
  }
}

TEST_CASE("a duration is written in the largest unit without a rest") {
  CHECK(format_duration(0ms) == "0s");
  CHECK(format_duration(1500ms) == "1500ms");
  CHECK(format_duration(90s) == "90s");
  CHECK(format_duration(120s) == "2m");
  CHECK(format_duration(24h) == "24h");
  for (const auto duration : {0ms, 1ms, 999ms, 5000ms, 60000ms, 3600000ms, 3600001ms})
    CHECK(parse_duration(format_duration(duration)).value() == duration);
}

}  // namespace
}  // namespace sqlite_exporter
