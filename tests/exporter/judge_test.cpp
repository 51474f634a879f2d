/// What the judge finds worth a line of the log.
#include "exporter/judge.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using namespace std::chrono_literals;

/// What `write` sends to file descriptor 2.
template <class Write>
std::string standard_error_of(const Write& write) {
  const int file = memfd_create("stderr", 0);
  const int saved = dup(STDERR_FILENO);
  dup2(file, STDERR_FILENO);
  write();
  dup2(saved, STDERR_FILENO);
  close(saved);
  std::string text(static_cast<std::size_t>(lseek(file, 0, SEEK_END)), '\0');
  const ssize_t size = pread(file, text.data(), text.size(), 0);
  close(file);
  REQUIRE(size == static_cast<ssize_t>(text.size()));
  return text;
}

TEST_CASE("a slowdown is told when it begins and ends, at most once a minute") {
  const Log log(LogLevel::info, LogFormat::logfmt);
  Judge judge(log);
  const std::chrono::steady_clock::time_point begin{1h};
  const auto lines_of = [&](double slowdown, std::chrono::seconds after) {
    return standard_error_of([&] { judge.slowed(slowdown, begin + after); });
  };
  CHECK(lines_of(1, 0s).empty());
  const std::string began = lines_of(2.54, 10s);
  CHECK(began.find("looks cost more than cpu_budget") != std::string::npos);
  CHECK(began.find(" slowdown=2.5 ") != std::string::npos);
  CHECK(std::ranges::count(began, '\n') == 1);
  CHECK(lines_of(9, 100s).empty());
  CHECK(lines_of(1, 101s).find("at the full rate again") != std::string::npos);
  for (int second = 102; second < 161; ++second)
    CHECK(lines_of(second % 2 + 1, std::chrono::seconds(second)).empty());
  CHECK(lines_of(1, 161s).empty());
  CHECK(lines_of(3, 162s).find("slowdown=3.0") != std::string::npos);
}

}  // namespace
}  // namespace sqlite_exporter
