/// A folder in which databases come and go by the hundred, in the log.
#include "exporter/churn_log.h"

#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/standard_error.h"

namespace sqlite_exporter {
namespace {

using namespace std::chrono_literals;
using test::standard_error_of;

constexpr ChurnLog::Clock::time_point kBegin{1h};

class Churn {
 public:
  /// The lines of so many databases that come and go in a folder, 100 ms apart.
  std::string come_and_go(const std::string& folder, int count, ChurnLog::Clock::duration from) {
    return standard_error_of([&] {
      for (int i = 0; i < count; ++i) {
        const std::string path = folder + "/" + std::to_string(i) + ".db";
        const auto now = kBegin + from + i * 100ms;
        churn_.tell(ChurnLog::Kind::added, path, "is there", {{"path", path}}, now);
        churn_.tell(ChurnLog::Kind::removed, path, "is gone", {{"path", path}}, now);
      }
    });
  }
  std::string sum_up(ChurnLog::Clock::duration at) {
    return standard_error_of([&] { churn_.sum_up(kBegin + at); });
  }

 private:
  Log log_{LogLevel::info, LogFormat::logfmt};
  ChurnLog churn_{log_};
};

std::ptrdiff_t lines(const std::string& text) { return std::ranges::count(text, '\n'); }

TEST_CASE("a few databases are told at once, each by its name") {
  Churn churn;
  CHECK(churn.come_and_go("/a", 1, 0s).find("msg=\"is there\" path=/a/0.db") != std::string::npos);
  CHECK(lines(churn.come_and_go("/a", 2, 1s)) == 4);
  CHECK(churn.sum_up(10min).empty());
}

TEST_CASE("of many the first are told, and one line a minute says how many there were") {
  Churn churn;
  CHECK(lines(churn.come_and_go("/a", 300, 0s)) == 10);
  CHECK(lines(churn.come_and_go("/b", 1, 31s)) == 2);
  CHECK(churn.sum_up(59s).empty());
  const std::string sum = churn.sum_up(60s);
  CHECK(lines(sum) == 1);
  CHECK(sum.find("folder=/a added=295 removed=295 changed=0") != std::string::npos);
}

TEST_CASE("while a folder goes on like that it has that one line, and then its names again") {
  Churn churn;
  churn.come_and_go("/a", 600, 0s);
  for (int minute = 1; minute < 5; ++minute) {
    const std::string text = churn.come_and_go("/a", 599, minute * 60s);
    CHECK(lines(text) == 1);
    CHECK(text.find("come and go") != std::string::npos);
  }
  CHECK(lines(churn.sum_up(5min)) == 1);
  CHECK(churn.sum_up(6min).empty());
  CHECK(lines(churn.come_and_go("/a", 1, 7min)) == 2);
}

}  // namespace
}  // namespace sqlite_exporter
