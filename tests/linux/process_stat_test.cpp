/// Lines of /proc/<pid>/stat, with names that try to be fields.
#include "tests/support/catch.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "collectors/linux/process_stat.h"

namespace sqlite_exporter {
namespace {

const std::string kFields =
    " S 1 77 77 0 -1 4194560 5000 0 12 0 341 58 0 0 20 0 9 0 123456 987654321 2048"
    " 18446744073709551615 1 1 140722 0 0\n";

TEST_CASE("a process stat is decoded") {
  const auto stat = parse_process_stat("77 (sqlite_exporter)" + kFields);
  REQUIRE(stat);
  CHECK(*stat == ProcessStat{.state = 'S',
                             .user_ticks = 341,
                             .system_ticks = 58,
                             .start_ticks = 123456,
                             .virtual_bytes = 987654321,
                             .resident_pages = 2048,
                             .threads = 9,
                             .stack_start = 140722});
}

TEST_CASE("a process is stopped by a signal or a debugger") {
  for (const char state : {'R', 'S', 'D', 'Z', 'T', 't', 'X', 'I'}) {
    std::string text = "77 (a)" + kFields;
    text.replace(text.find(" S ") + 1, 1, 1, state);
    const auto stat = parse_process_stat(text);
    REQUIRE(stat);
    CHECK(stat->stopped() == (state == 'T' || state == 't'));
  }
}

TEST_CASE("a process name with blanks, parentheses and line ends") {
  const auto plain = parse_process_stat("77 (a)" + kFields);
  REQUIRE(plain);
  for (const std::string name : {"a b", ") S 1 2 3", "((", "))", "a\nb", "", "x) R 9 9 9 ("}) {
    const auto stat = parse_process_stat("77 (" + name + ")" + kFields);
    CAPTURE(name);
    REQUIRE(stat);
    CHECK(*stat == *plain);
  }
}

TEST_CASE("a process stat that is cut off, empty, without a name or without numbers") {
  const std::string whole = "77 (a)" + kFields;
  const std::string until_resident = whole.substr(0, whole.find(" 2048"));
  const std::string letters = "77 (a) S x x x x x x x x x x x x x x x x x x x x x x x";
  for (const std::string& text : {std::string(), std::string("77"), std::string("77 (a)"),
                                  std::string("77 (a) S 1 2"), until_resident, letters}) {
    const auto stat = parse_process_stat(text);
    CAPTURE(text);
    REQUIRE_FALSE(stat);
    CHECK(stat.error().code == Errc::corrupt);
  }
}

TEST_CASE("a number with something behind it, a negative one, one too large") {
  for (const std::string utime : {"341x", "-341", "99999999999999999999", "0x10", "+1"}) {
    std::string text = "77 (a)" + kFields;
    text.replace(text.find("341"), 3, utime);
    CAPTURE(utime);
    CHECK_FALSE(parse_process_stat(text));
  }
}

TEST_CASE("the stat of a real process") {
  // An emulator makes up that of the process it runs.
  const std::string process = "/proc/" + std::to_string(::getppid());
  std::ifstream file(process + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto stat = parse_process_stat(text);
  REQUIRE(stat);
  const std::filesystem::directory_iterator threads(process + "/task");
  CHECK(stat->threads == static_cast<long>(std::distance(begin(threads), end(threads))));
  CHECK(stat->start_ticks > 0);
  CHECK(stat->resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) <=
        stat->virtual_bytes);
}

}  // namespace
}  // namespace sqlite_exporter
