/// Label text against the rules of the text format and of UTF-8.
#include "collectors/label_text.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

constexpr char kBad[] = "\xEF\xBF\xBD";

std::string label(std::string_view value) {
  std::string text;
  append_label(text, "path", value);
  return text;
}

std::string help(std::string_view value) {
  std::string text;
  append_help(text, value);
  return text;
}

TEST_CASE("a label pair is appended as it is when nothing needs escaping") {
  std::string text = "a=\"1\",";
  append_label(text, "path", "/var/lib/app.db {x=1}, #");
  CHECK(text == R"(a="1",path="/var/lib/app.db {x=1}, #")");
  CHECK(label("") == R"(path="")");
}

TEST_CASE("backslash, quote and newline of a label value are escaped") {
  CHECK(label("a\\b\"c\nd") == R"(path="a\\b\"c\nd")");
  CHECK(label("\\n") == R"(path="\\n")");
  CHECK(label("\r\t") == "path=\"\r\t\"");
}

TEST_CASE("HELP leaves quotes alone") {
  CHECK(help("a\\b\"c\nd") == R"(a\\b"c\nd)");
  CHECK(help("bad \xFF") == std::string("bad ") + kBad);
}

TEST_CASE("valid UTF-8 of each length is kept") {
  const std::string text =
      "a\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"
      "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF";
  CHECK(label(text) == "path=\"" + text + "\"");
}

TEST_CASE("each byte that is not UTF-8 becomes one U+FFFD") {
  const std::string bad = kBad;
  const auto quoted = [](const std::string& text) { return "path=\"" + text + "\""; };
  CHECK(label("a\xFF"
              "b") == quoted("a" + bad + "b"));
  CHECK(label("\x80") == quoted(bad));
  SECTION("overlong") {
    CHECK(label("\xC0\xAF") == quoted(bad + bad));
    CHECK(label("\xC1\xBF") == quoted(bad + bad));
    CHECK(label("\xE0\x9F\xBF") == quoted(bad + bad + bad));
    CHECK(label("\xF0\x8F\xBF\xBF") == quoted(bad + bad + bad + bad));
  }
  SECTION("surrogate") { CHECK(label("\xED\xA0\x80") == quoted(bad + bad + bad)); }
  SECTION("above U+10FFFF") { CHECK(label("\xF4\x90\x80\x80") == quoted(bad + bad + bad + bad)); }
  SECTION("cut off at the end") {
    CHECK(label("\xC3") == quoted(bad));
    CHECK(label("\xE2\x82") == quoted(bad + bad));
    CHECK(label("\xF0\x9F\x98") == quoted(bad + bad + bad));
  }
  SECTION("cut off by a quote, which still is escaped") {
    CHECK(label("\xC3\"") == quoted(bad + "\\\""));
    CHECK(label("\xE2\x82\n") == quoted(bad + bad + "\\n"));
  }
}

TEST_CASE("label names") {
  for (const char* name : {"a", "_", "_a", "site", "Site_9"}) CHECK(valid_label_name(name));
  for (const char* name : {"", "__a", "__", "9a", "a-b", "a b", "a.b", "\xC3\xA9"})
    CHECK_FALSE(valid_label_name(name));
}

}  // namespace
}  // namespace sqlite_exporter
