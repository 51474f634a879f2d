/// The HTTP server against a client that sends raw bytes.
#include "exporter/http_server.h"

#include <time.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/http_client.h"

namespace sqlite_exporter {
namespace {

using test::Connection;
using test::get;
using test::request;

/// Says what it was asked for. No client of these tests may be saved by a timeout.
HttpResponse echo(const HttpRequest& request) {
  const std::string text = std::string(request.method) + " " + std::string(request.path) + "\n";
  return {request.path == "/missing" ? 404 : 200, "text/x-echo",
          std::make_shared<const std::string>(text)};
}

std::unique_ptr<HttpServer> start(HttpServer::Handler handler = echo) {
  auto server = HttpServer::start("127.0.0.1:0", std::move(handler),
                                  {.request_timeout = std::chrono::minutes(10)});
  REQUIRE(server);
  return std::move(*server);
}

std::string error_of(const std::string& address) {
  const auto server = HttpServer::start(address, echo);
  REQUIRE_FALSE(server);
  return std::string(to_string(server.error().code)) + ": " + server.error().message;
}

TEST_CASE("GET, HEAD and their headers") {
  const auto server = start();
  const auto reply = get(server->address(), "/metrics");
  CHECK(reply.status == 200);
  CHECK(reply.body == "GET /metrics\n");
  CHECK(reply.headers.at("Content-Type") == "text/x-echo");
  CHECK(reply.headers.at("Content-Length") == "13");
  CHECK(reply.headers.at("X-Content-Type-Options") == "nosniff");
  CHECK(reply.headers.at("Connection") == "close");
  std::tm date{};
  CHECK(strptime(reply.headers.at("Date").c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) != nullptr);
  CHECK_FALSE(reply.headers.contains("Access-Control-Allow-Origin"));

  auto head = request(server->address(), "HEAD /metrics HTTP/1.1\r\nHost: test");
  CHECK(head.status == 200);
  CHECK(head.body.empty());
  CHECK(head.headers.at("Content-Length") == "14");
  head.headers["Content-Length"] = "13";
  head.headers["Date"] = reply.headers.at("Date");
  CHECK(head.headers == reply.headers);
}

TEST_CASE("the handler sees the path as it was spelled, without the query") {
  const auto server = start();
  const std::string address = server->address();
  CHECK(get(address, "/metrics?name[]=sqlite_up&x=?").body == "GET /metrics\n");
  CHECK(get(address, "/metrics/").body == "GET /metrics/\n");
  CHECK(get(address, "/metrics/../etc/passwd").body == "GET /metrics/../etc/passwd\n");
  CHECK(get(address, "/%6detrics%00").body == "GET /%6detrics%00\n");
  CHECK(get(address, "http://" + address + "/metrics").body == "GET /metrics\n");
  CHECK(get(address, "/").body == "GET /\n");
  const auto missing = get(address, "/missing");
  CHECK(missing.status == 404);
  CHECK(missing.body == "GET /missing\n");
}

TEST_CASE("other methods are not allowed") {
  std::atomic<int> calls = 0;
  const auto server = start([&](const HttpRequest& request) {
    ++calls;
    return echo(request);
  });
  for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    const auto reply = request(server->address(), method + " /metrics HTTP/1.1\r\nHost: test");
    CHECK(reply.status == 405);
    CHECK(reply.headers.at("Allow") == "GET, HEAD");
    CHECK(reply.headers.at("Content-Length") == std::to_string(reply.body.size()));
  }
  CHECK(request(server->address(), "POST /metrics HTTP/1.1\r\nHost: t\r\nContent-Length: 3", "abc")
            .status == 405);
  CHECK(calls == 0);
}

TEST_CASE("a body that is announced and never comes is not waited for") {
  const auto server = start();
  CHECK(request(server->address(), "GET /metrics HTTP/1.1\r\nHost: t\r\nContent-Length: 999999")
            .status == 200);
  CHECK(request(server->address(), "GET / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked")
            .status == 200);
}

TEST_CASE("clients that never finish their request do not stop a scrape") {
  const auto server = start();
  Connection idle(server->address());
  Connection half(server->address());
  Connection nearly(server->address());
  REQUIRE(half.send("GET /metr"));
  REQUIRE(nearly.send("GET /metrics HTTP/1.1\r\nHost: test\r\n"));
  CHECK(get(server->address(), "/metrics").status == 200);
  CHECK(idle.is_silent());
  CHECK(half.is_silent());
  CHECK(nearly.is_silent());

  REQUIRE(nearly.send("\r\n"));
  CHECK(test::parse_reply(nearly.read_to_end()).body == "GET /metrics\n");
}

TEST_CASE("a client that is too slow is sent away") {
  const auto server = HttpServer::start(
      "127.0.0.1:0", echo, {.threads = 1, .request_timeout = std::chrono::milliseconds(50)});
  REQUIRE(server);
  Connection idle((*server)->address());
  CHECK(idle.read_to_end().empty());
  CHECK(get((*server)->address(), "/metrics").status == 200);
}

TEST_CASE("refused requests are answered in the same form") {
  const auto server = start();
  const auto refused = [&](const std::string& head) {
    const auto reply = request(server->address(), head);
    CHECK(reply.headers.at("X-Content-Type-Options") == "nosniff");
    CHECK(reply.headers.at("Content-Length") == std::to_string(reply.body.size()));
    return reply.status;
  };
  CHECK(refused("GET /" + std::string(20000, 'a') + " HTTP/1.1") == 400);
  CHECK(refused("GET / HTTP/1.1\r\nX: " + std::string(20000, 'a')) == 400);
  CHECK(refused("GET metrics HTTP/1.1") == 400);
  CHECK(refused("GET / HTTP/2.0") == 505);
  CHECK(refused("BREW / HTTP/1.1") == 400);
  CHECK(refused("\x16\x03\x01 TLS") == 400);
  CHECK(get(server->address(), "/metrics").status == 200);
}

TEST_CASE("a large body arrives whole") {
  const auto body = std::make_shared<const std::string>(9 << 20, 'x');
  const auto server = start([&](const HttpRequest&) { return HttpResponse{.body = body}; });
  CHECK(get(server->address(), "/metrics").body == *body);
}

TEST_CASE("a client that hangs up in the middle of a body harms nobody") {
  const auto body = std::make_shared<const std::string>(9 << 20, 'x');
  const auto server = start([&](const HttpRequest&) { return HttpResponse{.body = body}; });
  for (int i = 0; i < 8; ++i)
    CHECK(Connection(server->address()).send("GET /metrics HTTP/1.1\r\n\r\n"));
  CHECK(get(server->address(), "/metrics").body.size() == body->size());
}

TEST_CASE("a handler that throws is answered 500") {
  const auto server =
      start([](const HttpRequest&) -> HttpResponse { throw std::runtime_error("no"); });
  CHECK(get(server->address(), "/metrics").status == 500);
  CHECK(get(server->address(), "/metrics").status == 500);
}

TEST_CASE("several servers at once, and again on the same port") {
  auto one = start();
  const auto two = start();
  CHECK(one->address() != two->address());
  CHECK(get(one->address(), "/1").body == "GET /1\n");
  const std::string address = one->address();
  one.reset();
  CHECK(get(two->address(), "/2").body == "GET /2\n");
  const auto again = HttpServer::start(address, echo);
  REQUIRE(again);
  CHECK((*again)->address() == address);
  CHECK(get(address, "/3").body == "GET /3\n");
}

TEST_CASE("a name and a bare port are addresses") {
  const auto named = HttpServer::start("localhost:0", echo);
  REQUIRE(named);
  CHECK((*named)->address().starts_with("127.0.0.1:"));
  const auto everywhere = HttpServer::start(":0", echo);
  REQUIRE(everywhere);
  CHECK((*everywhere)->address().starts_with("0.0.0.0:"));
  CHECK(get((*everywhere)->address(), "/").status == 200);
}

TEST_CASE("why a server cannot start is one sentence") {
  const auto server = start();
  CHECK(error_of(server->address()) ==
        "io: cannot listen on " + server->address() + ": another program listens there already");
  CHECK(error_of("[::1]:10003") ==
        "config: cannot listen on \"[::1]:10003\": IPv6 is not supported yet");
  CHECK(error_of("192.0.2.1:0") ==
        "config: cannot listen on 192.0.2.1:0: no network interface of "
        "this machine has that address");
  CHECK(error_of("127.0.0.1:65536") ==
        "config: the port in \"127.0.0.1:65536\" is not a number from 0 to 65535");
  for (const std::string bad : {"", "10003", "::1:10003", "127.0.0.1"})
    CHECK(error_of(bad) ==
          "config: \"" + bad + "\" is not an address like 127.0.0.1:10003 or :10003");
  for (const std::string bad : {":", ":x", ":1x", ":-1", ": 1", ":+1"})
    CHECK(error_of(bad) == "config: the port in \"" + bad + "\" is not a number from 0 to 65535");
  for (const std::string bad : {"999.1.1.1:0", "a b:0"})
    CHECK(error_of(bad).starts_with("config: cannot resolve host \""));
}

}  // namespace
}  // namespace sqlite_exporter
