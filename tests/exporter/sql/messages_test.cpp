/// Messages between the daemon and its worker: whole there and back, and nothing else believed.
#include "exporter/sql/messages.h"

#include <cmath>
#include <limits>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

StatementRequest some_request() {
  StatementRequest request;
  request.path = "/data/\xff\x80 \"ä\n.db";
  request.sql = "SELECT 'ä', \"b\"\n";
  request.labels = {"a\"b", "c"};
  request.values = {"n"};
  request.max_rows = 2;
  request.timeout = std::chrono::milliseconds(1500);
  return request;
}

TEST_CASE("a request comes back as it was") {
  const StatementRequest request = some_request();
  const std::string line = encode(request);
  CHECK(line.find('\n') == std::string::npos);
  CHECK(decode_request(line).value() == request);
}

TEST_CASE("a request for synchronisation tables comes back as it was") {
  StatementRequest request = some_request();
  request.sync = SyncWork{{}, 7};
  CHECK(decode_request(encode(request)).value() == request);
  request.sync->layouts = {{"t\"", "name", "peer", "at", "state"},
                           {"u", std::nullopt, std::nullopt, "", std::nullopt}};
  CHECK(decode_request(encode(request)).value() == request);
}

TEST_CASE("what a result falls short of comes with its rows") {
  StatementResult result;
  result.rows.push_back({{"x", ""}, {std::int64_t{1}}});
  result.shortfall = Error{Errc::timeout, "so it is"};
  CHECK(decode_result(encode(Result<StatementResult>(result)), some_request()).value() == result);
}

TEST_CASE("a path is bytes, all of them") {
  StatementRequest request = some_request();
  request.path.clear();
  for (int byte = 1; byte < 256; ++byte) request.path += static_cast<char>(byte);
  CHECK(decode_request(encode(request)).value().path == request.path);
}

TEST_CASE("numbers keep every digit") {
  const StatementRequest request = some_request();
  StatementResult result;
  result.seconds = 0.25;
  const auto add = [&](std::optional<Number> value) {
    result.rows.push_back({{"x", ""}, {value}});
    StatementRequest wide = request;
    wide.max_rows = result.rows.size();
    CHECK(decode_result(encode(Result<StatementResult>(result)), wide).value() == result);
  };
  add(std::nullopt);
  add(std::numeric_limits<std::int64_t>::max());
  add(std::numeric_limits<std::int64_t>::min());
  add(std::int64_t{9007199254740993});
  add(0.1 + 0.2);
  add(2.0);
  add(-0.0);
  add(std::numeric_limits<double>::denorm_min());
  add(std::numeric_limits<double>::max());
  add(HUGE_VAL);
  add(-HUGE_VAL);
}

TEST_CASE("an error of the statement is one on the other side") {
  for (std::size_t i = 0; i < kErrcNames.size(); ++i) {
    const Result<StatementResult> failed = fail(static_cast<Errc>(i), "so \"it\" is\n");
    const auto decoded = decode_result(encode(failed), some_request());
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().code == static_cast<Errc>(i));
    CHECK(decoded.error().message == failed.error().message);
  }
}

TEST_CASE("a greeting says what is missing") {
  const WorkerHello hello{"3.40.1", 7, {"Landlock: Function not implemented", "seccomp: x"}};
  CHECK(decode_hello(encode(hello)).value() == hello);
}

TEST_CASE("bytes that are no text do no harm on the way out") {
  const Result<StatementResult> failed = fail(Errc::config, "no column \xff");
  CHECK(decode_result(encode(failed), some_request()).error().message == "no column \xEF\xBF\xBD");
}

TEST_CASE("the words of an error are cut between characters") {
  std::string words = "x";
  for (int i = 0; i < 1000; ++i) words += "ä";
  const std::string told =
      decode_result(encode(Result<StatementResult>(fail(Errc::config, words))), some_request())
          .error()
          .message;
  CHECK(told.size() == 401);
  CHECK(words.starts_with(told));
}

TEST_CASE("what is no answer is an error of ours, not of the statement") {
  const auto code_of = [](std::string_view line) {
    const auto result = decode_result(line, some_request());
    REQUIRE_FALSE(result);
    return result.error().code;
  };
  for (const std::string_view line : {"",
                                      "{",
                                      "null",
                                      "7",
                                      "[]",
                                      "{}",
                                      "{\"rows\":7,\"seconds\":1}",
                                      "{\"rows\":[]}",
                                      "{\"rows\":[],\"seconds\":\"1\"}",
                                      "{\"rows\":[7],\"seconds\":1}",
                                      "{\"rows\":[[[\"a\"],[1]]],\"seconds\":1}",
                                      "{\"rows\":[[[\"a\",\"b\"],[]]],\"seconds\":1}",
                                      "{\"rows\":[[[\"a\",\"b\"],[1,2]]],\"seconds\":1}",
                                      "{\"rows\":[[[\"a\",\"b\"],[true]]],\"seconds\":1}",
                                      "{\"rows\":[[[\"a\",\"b\"],[\"1\"]]],\"seconds\":1}",
                                      "{\"rows\":[[[\"a\",1],[1]]],\"seconds\":1}",
                                      "{\"rows\":[[[\"a\",\"\xff\"],[1]]],\"seconds\":1}",
                                      "{\"rows\":[],\"seconds\":1,\"shortfall\":\"x\"}",
                                      "{\"error\":\"x\"}",
                                      "{\"error\":7,\"code\":\"io\"}",
                                      "{\"error\":\"x\",\"code\":\"unheard of\"}"}) {
    INFO(line);
    CHECK(code_of(line) == Errc::internal);
  }
  const std::string row = R"([["a","b"],[1]])";
  const std::string three = "{\"rows\":[" + row + "," + row + "," + row + "],\"seconds\":1}";
  CHECK(code_of(three) == Errc::internal);
  // More memory than the text of it.
  std::string many = "[{}";
  for (int i = 0; i < 1'000'000; ++i) many += ",{}";
  CHECK(code_of("{\"rows\":" + many + "],\"seconds\":1}") == Errc::internal);
  // Deeper than any stack, if somebody followed it.
  CHECK(code_of(std::string(1'000'000, '[')) == Errc::internal);
}

TEST_CASE("what is no request is refused") {
  for (const std::string_view line :
       {"", "{}", "[]", "{\"path\":\"\\u0100\"}",
        R"({"path":"","sql":"","labels":[],"values":[],"max_rows":1,"timeout":1,"sync":{}})",
        R"({"path":"","sql":"","labels":[],"values":[],"max_rows":1,"timeout":1e76})",
        R"({"path":"","sql":"","labels":[],"values":[],"max_rows":1.5,"timeout":1})"}) {
    INFO(line);
    CHECK_FALSE(decode_request(line));
  }
  CHECK(decode_request(
      R"({"path":"","sql":"","labels":[],"values":[],"max_rows":1,"timeout":1000})"));
}

TEST_CASE("a greeting with a number that no process has is none") {
  CHECK_FALSE(decode_hello(R"({"sqlite_version":"3","listed_pid":1e99,"missing":[]})"));
}

}  // namespace
}  // namespace sqlite_exporter
