/// Words for a terminal, letter by letter.
#include "exporter/inspect/words.h"

#include <limits>
#include <sstream>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

TEST_CASE("sizes change their unit at 1024") {
  CHECK(size_in_words(0) == "0 B");
  CHECK(size_in_words(1023) == "1023 B");
  CHECK(size_in_words(1024) == "1.0 KiB");
  CHECK(size_in_words(std::uint64_t{240} << 20U) == "240.0 MiB");
  CHECK(size_in_words(std::uint64_t{5000} << 40U) == "5000.0 TiB");
}

TEST_CASE("a time has at most two units, and is never rounded up") {
  CHECK(time_in_words(0.39) == "0.3 s");
  CHECK(time_in_words(42.9) == "42 s");
  CHECK(time_in_words(60) == "1 min");
  CHECK(time_in_words(200) == "3 min 20 s");
  CHECK(time_in_words(7500) == "2 h 5 min");
  CHECK(time_in_words(273600) == "3 d 4 h");
  CHECK(time_in_words(-1) == "0.0 s");
  CHECK(time_in_words(std::numeric_limits<double>::quiet_NaN()) == "0.0 s");
}

TEST_CASE("moments and versions") {
  CHECK(moment_in_words(1795176003) == "2026-11-20 12:00:03 UTC");
  CHECK(moment_in_words(-5) == "1970-01-01 00:00:00 UTC");
  CHECK(sqlite_version_in_words(3040001) == "3.40.1");
  CHECK(sqlite_version_in_words(0).empty());
}

TEST_CASE("foreign text cannot command a terminal") {
  CHECK(printable("a b\xC3\xA4") == "a b\xC3\xA4");
  CHECK(printable("\x1b[31m\n\x7f") == "\\x1b[31m\\x0a\\x7f");
  CHECK(printable("\xC2\x9Bm") == "\\xc2\\x9bm");
  CHECK(printable("x\xFFy\xC3") == "x\xEF\xBF\xBDy\xEF\xBF\xBD");
}

TEST_CASE("a paragraph keeps to 80 columns behind its label") {
  CHECK(labelled_paragraph("state", "wal_live") == "  state        wal_live\n");
  CHECK(labelled_paragraph("state", "") == "  state        \n");
  std::string words;
  for (int i = 0; i < 60; ++i) words += "w\xC3\xB6rd ";
  std::istringstream lines(labelled_paragraph("note", words.append(100, 'x')));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CAPTURE(line);
    const bool too_long_a_word = line == std::string(15, ' ').append(100, 'x');
    CHECK((too_long_a_word || line.size() <= 15 + 13 * 6));
    CHECK(line.starts_with(count == 0 ? "  note         w" : std::string(15, ' ')));
    CHECK_FALSE(line.ends_with(' '));
  }
  CHECK(count == 6);
}

}  // namespace
}  // namespace sqlite_exporter
