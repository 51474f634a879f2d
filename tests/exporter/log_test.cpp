/// Log lines: their quoting, and what really arrives on standard error.
#include "exporter/log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <regex>
#include <string>
#include <utility>

#include "tests/support/catch.h"
#include "tests/support/standard_error.h"

namespace sqlite_exporter {
namespace {

using test::standard_error_of;

std::string logfmt_value(std::string value) {
  const std::string line = logfmt_line("m", {{"k", std::move(value)}});
  REQUIRE(line.starts_with("msg=\"m\" k="));
  return line.substr(std::string("msg=\"m\" k=").size());
}

std::string json_value(std::string value) {
  const std::string line = json_line("m", {{"k", std::move(value)}});
  REQUIRE(line.starts_with(R"("msg":"m","k":)"));
  return line.substr(std::string(R"("msg":"m","k":)").size());
}

/// Not time(), which may be a tick behind.
std::time_t now() {
  return std::chrono::system_clock::to_time_t(
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

void log_all(const Log& log) {
  log.debug("one");
  log.info("two", {{"database", "app"}, {"error", "no such file"}});
  log.warn("three", {{"path", "{} %v %s"}});
  log.error("four");
}

TEST_CASE("logfmt quotes only what needs it") {
  CHECK(logfmt_line("started", {}) == R"(msg="started")");
  CHECK(logfmt_line("two words", {{"a", "1"}, {"b", "x y"}}) == R"(msg="two words" a=1 b="x y")");
  for (const char* plain : {"app", "/var/lib/app.db", "a,b;{c}", "caf\xC3\xA9", "a\\b"})
    CHECK(logfmt_value(plain) == plain);
  CHECK(logfmt_value("") == R"("")");
  CHECK(logfmt_value("a b") == R"("a b")");
  CHECK(logfmt_value("a=b") == R"("a=b")");
  CHECK(logfmt_value("say \"x\" \\") == R"("say \"x\" \\")");
}

TEST_CASE("no value can end a line or reach the terminal") {
  using Value = std::string (*)(std::string);
  const Value value_of = GENERATE(Value{logfmt_value}, Value{json_value});
  CHECK(value_of("a\nlevel=error") == R"("a\nlevel=error")");
  CHECK(value_of("\r\t") == R"("\r\t")");
  CHECK(value_of(std::string("\0\x1B[2J\x7F", 6)) == R"("\u0000\u001b[2J\u007f")");
  CHECK(value_of("\xC2\x9B"
                 "1m") == R"("\u009b1m")");
  CHECK(value_of("a\xFF\xC3") == "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST_CASE("JSON quotes everything") {
  CHECK(json_line("started", {}) == R"("msg":"started")");
  CHECK(json_line("m", {{"a", "1"}, {"b", "x \"y\""}}) == R"("msg":"m","a":"1","b":"x \"y\"")");
}

TEST_CASE("one line an event, from the chosen level on, with the time in UTC") {
  const std::string time = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)";
  SECTION("logfmt") {
    const std::string text =
        standard_error_of([] { log_all(Log(LogLevel::info, LogFormat::logfmt)); });
    CAPTURE(text);
    CHECK(std::regex_match(text,
                           std::regex("time=" + time +
                                      R"( level=info msg="two" database=app error="no such file")"
                                      "\ntime=" +
                                      time +
                                      R"( level=warn msg="three" path="\{\} %v %s")"
                                      "\ntime=" +
                                      time +
                                      R"( level=error msg="four")"
                                      "\n")));
  }
  SECTION("JSON") {
    const std::string text =
        standard_error_of([] { log_all(Log(LogLevel::error, LogFormat::json)); });
    CAPTURE(text);
    CHECK(std::regex_match(text, std::regex(R"(\{"time":")" + time +
                                            R"(","level":"error","msg":"four"\})"
                                            "\n")));
  }
  SECTION("everything") {
    const std::string text = standard_error_of([] {
      Log log(LogLevel::debug, LogFormat::logfmt);
      log_all(std::move(log));
    });
    CHECK(std::ranges::count(text, '\n') == 4);
    CHECK(text.find(R"(level=debug msg="one")") != std::string::npos);
  }
}

TEST_CASE("lines that nobody read are told of as soon as somebody reads again") {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  REQUIRE(fcntl(ends[1], F_SETPIPE_SZ, 8192) == 8192);
  const int saved = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  const Log log(LogLevel::info, LogFormat::logfmt);
  for (int i = 0; i < 1000; ++i) log.info("nobody reads this");
  const std::uint64_t lost = log.lost_lines();
  std::string text(8192, ' ');
  const ssize_t unread = read(ends[0], text.data(), text.size());
  log.info("read");
  const ssize_t size = read(ends[0], text.data(), text.size());
  dup2(saved, STDERR_FILENO);
  for (const int descriptor : {saved, ends[0], ends[1]}) close(descriptor);
  CHECK(unread > 0);
  CHECK(lost > 900);
  CHECK(log.lost_lines() == lost);
  REQUIRE(size > 0);
  text.resize(static_cast<std::size_t>(size));
  CHECK(text.find("level=info msg=\"read\"\n") != std::string::npos);
  CHECK(text.find("level=warn msg=\"lines of this log were lost, nobody read them\" lines=" +
                  std::to_string(lost) + "\n") != std::string::npos);
}

TEST_CASE("the time is UTC wherever the machine stands") {
  setenv("TZ", "Elsewhere-05:30", 1);
  tzset();
  const std::time_t before = now();
  const std::string text =
      standard_error_of([] { Log(LogLevel::info, LogFormat::logfmt).info("now"); });
  const std::time_t after = now();
  unsetenv("TZ");
  tzset();

  std::tm parsed{};
  REQUIRE(strptime(text.c_str(), "time=%Y-%m-%dT%H:%M:%S.", &parsed) != nullptr);
  const std::time_t logged = timegm(&parsed);
  CHECK(before <= logged);
  CHECK(logged <= after);
}

}  // namespace
}  // namespace sqlite_exporter
