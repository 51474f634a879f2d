/// Quoting of the user's text in error sentences.
#include "exporter/quoted.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

TEST_CASE("text is quoted on one line") {
  CHECK(in_quotes("") == R"("")");
  CHECK(in_quotes("/data/größe.db") == R"("/data/größe.db")");
  CHECK(in_quotes(R"(a"b\c)") == R"("a\"b\\c")");
  CHECK(in_quotes(std::string_view("a\nb\x1b\x7f\0c", 7)) == R"("a\x0ab\x1b\x7f\x00c")");
}

TEST_CASE("C1 control characters are escaped too, and other characters are not") {
  CHECK(in_quotes("\xc2\x9b"
                  "2J") == "\"\xc2\\x9b2J\"");
  CHECK(in_quotes("\xc2\xa0\xe2\x80\x93") == "\"\xc2\xa0\xe2\x80\x93\"");
}

TEST_CASE("long text is cut") {
  CHECK(in_quotes(std::string(200, 'x')) == "\"" + std::string(200, 'x') + "\"");
  CHECK(in_quotes(std::string(201, 'x')) == "\"" + std::string(200, 'x') + "...\"");
}

TEST_CASE("control characters are those of ASCII") {
  CHECK(has_control_character("a\tb"));
  CHECK(has_control_character("\x7f"));
  CHECK(has_control_character(std::string_view("\0", 1)));
  CHECK_FALSE(has_control_character(""));
  CHECK_FALSE(has_control_character("größe \xff"));
}

}  // namespace
}  // namespace sqlite_exporter
