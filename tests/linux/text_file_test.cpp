/// Files read to their end or their bound, directories listed, processes that end in between.
#include "tests/support/catch.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "collectors/linux/file.h"
#include "collectors/linux/text.h"
#include "collectors/linux/text_file.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace sqlite_exporter {
namespace {

using test::ChildProcess;
using test::TemporaryDirectory;

TEST_CASE("a text is read whole, whatever its length, and refused above the bound") {
  const TemporaryDirectory directory;
  for (const std::size_t size : {0U, 1U, 16383U, 16384U, 16385U, 32768U, 100'000U}) {
    const std::string text(size, 'x');
    const std::string path = directory / std::to_string(size);
    std::ofstream(path) << text;
    CAPTURE(size);
    CHECK(read_text(path, 100'000) == text);
    CHECK(read_text(path, size) == text);
    CHECK(read_beginning(path, 1) == text.substr(0, 1));
    if (size == 0) continue;
    const auto refused = read_text(path, size - 1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::limit);
  }
}

TEST_CASE("a text that is not there") {
  const TemporaryDirectory directory;
  const auto text = read_text(directory / "none", 10);
  REQUIRE_FALSE(text);
  CHECK(text.error().code == Errc::no_data);
}

TEST_CASE("a file of procfs, which says its size is 0") {
  std::ifstream file("/proc/self/mountinfo");
  const std::string truth{std::istreambuf_iterator<char>(file), {}};
  CHECK_FALSE(truth.empty());
  CHECK(read_text("/proc/self/mountinfo", 1U << 20U) == truth);
}

TEST_CASE("a process that ends between open and read has no data") {
  ChildProcess child([] { return true; });
  const std::string path = "/proc/" + std::to_string(child.pid()) + "/stat";
  const auto file = File::open(path);
  REQUIRE(file);
  child.kill();
  std::array<std::byte, 16> bytes{};
  const auto count = file->read_at(0, bytes);
  REQUIRE_FALSE(count);
  CHECK(count.error().code == Errc::no_data);
}

TEST_CASE("the names in a directory, up to a number") {
  const TemporaryDirectory directory;
  for (const char* name : {"b", "a", "c d"}) std::ofstream(directory / name) << "x";
  std::filesystem::create_symlink("nowhere", directory / "link");
  auto names = names_in(directory.path().string(), 10);
  REQUIRE(names);
  std::ranges::sort(*names);
  CHECK(*names == std::vector<std::string>{"a", "b", "c d", "link"});
  const auto some = names_in(directory.path().string(), 3);
  REQUIRE(some);
  CHECK(some->size() == 3);
  const auto none = names_in(directory / "none", 3);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::no_data);
}

TEST_CASE("text is cut at separators, and what is no number is not taken for one") {
  std::string_view rest = "  a  b\nc";
  CHECK(take_field(rest) == "a");
  CHECK(take_until(rest, '\n') == " b");
  CHECK(take_until(rest, '\n') == "c");
  CHECK(take_until(rest, '\n').empty());
  CHECK(take_field(rest).empty());
  unsigned value = 0;
  CHECK(assign_number("ff", value, 16));
  CHECK(value == 255);
  for (const std::string_view text : {"", "1x", " 1", "-1", "+1", "0x1", "4294967296"}) {
    CAPTURE(text);
    CHECK_FALSE(assign_number(text, value));
  }
}

}  // namespace
}  // namespace sqlite_exporter
