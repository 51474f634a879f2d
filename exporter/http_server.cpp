/// The HTTP server on civetweb: the only file that knows it.
#include "exporter/http_server.h"

#include <civetweb.h>
#include <time.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <exception>
#include <future>
#include <system_error>
#include <utility>

#include "exporter/listen_address.h"
#include "exporter/thread.h"

namespace sqlite_exporter {
namespace {

HttpResponse plain(int status, std::string_view body) {
  return {.status = status, .body = std::make_shared<const std::string>(body)};
}

void add_header(mg_connection* connection, const char* name, std::string_view value) {
  mg_response_header_add(connection, name, value.data(), static_cast<int>(value.size()));
}

/// civetweb would write it itself, but with gmtime(): its threads race for one static buffer.
std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 64> text{};
  return {text.data(),
          std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

void send(mg_connection* connection, const HttpResponse& response, bool with_body) {
  // Without this civetweb would read the rest of whatever body the client announced, without end.
  mg_disable_keep_alive(connection);
  mg_response_header_start(connection, response.status);
  add_header(connection, "Date", http_date());
  add_header(connection, "Content-Type", response.content_type);
  add_header(connection, "Content-Length", std::to_string(response.body->size()));
  add_header(connection, "X-Content-Type-Options", "nosniff");
  if (response.status == 405) add_header(connection, "Allow", "GET, HEAD");
  mg_response_header_send(connection);
  if (with_body) mg_write(connection, response.body->data(), response.body->size());
}

HttpResponse answer(const HttpServer::Handler& handler, const mg_request_info& request) {
  const std::string_view method = request.request_method;
  if (method != "GET" && method != "HEAD") return plain(405, "Only GET and HEAD are allowed.\n");
  try {
    return handler({.method = method, .path = request.local_uri_raw});
  } catch (const std::exception&) {  // a C library calls us: nothing may pass through it
    return plain(500, "Internal error.\n");
  }
}

int on_request(mg_connection* connection) noexcept {
  const mg_request_info& request = *mg_get_request_info(connection);
  const auto& handler = *static_cast<const HttpServer::Handler*>(request.user_data);
  const HttpResponse response = answer(handler, request);
  send(connection, response, std::string_view(request.request_method) != "HEAD");
  return response.status;
}

/// Requests that civetweb refuses are answered in the same form as all others.
int on_refused(mg_connection* connection, int status, const char* message) noexcept {
  send(connection, plain(status, std::string(message) + ".\n"), true);
  return 0;
}

/// civetweb's own messages are about clients, which may write what they like: none is passed on.
/// (There is no access log either, which calls localtime(): see http_date.)
int drop_message(const mg_connection*, const char*) { return 1; }

class CivetwebServer final : public HttpServer {
 public:
  explicit CivetwebServer(Handler handler) : handler_(std::move(handler)) {
    mg_init_library(MG_FEATURES_DEFAULT);  // counted; without TLS, which is broken in Debian 12
  }
  ~CivetwebServer() override {
    if (context_ != nullptr) stop();
    mg_exit_library();
  }

  /// False if civetweb could not start. From here on SIGPIPE is ignored in the whole process:
  /// civetweb's threads set that, and children that are not ours to know inherit it.
  bool listen(const std::string& host, std::uint16_t port, const HttpLimits& limits);

  std::string address() const override { return host_ + ":" + std::to_string(port_); }

 private:
  void stop();

  Handler handler_;
  std::string host_;
  std::uint16_t port_ = 0;
  mg_context* context_ = nullptr;
};

bool CivetwebServer::listen(const std::string& host, std::uint16_t port, const HttpLimits& limits) {
  const std::string listening_port = host + ":" + std::to_string(port);
  const std::string threads = std::to_string(limits.threads);
  const std::string timeout = std::to_string(limits.request_timeout.count());
  // No document_root: there are no files. Most defaults are those of a web server for everybody.
  // clang-format off
  const std::array<const char*, 27> options = {
      "listening_ports", listening_port.c_str(),
      "num_threads", threads.c_str(),
      "request_timeout_ms", timeout.c_str(),
      "max_request_size", "8192",
      "tcp_nodelay", "1",
      "enable_keep_alive", "no",
      "decode_url", "no",
      "enable_auth_domain_check", "no",
      "enable_directory_listing", "no",
      "access_control_allow_origin", "",
      "access_control_allow_methods", "",
      "cgi_pattern", "",
      "ssi_pattern", "",
      nullptr};
  // clang-format on
  mg_callbacks callbacks{};
  callbacks.begin_request = on_request;
  callbacks.http_error = on_refused;
  callbacks.log_message = drop_message;
  context_ = mg_start(&callbacks, &handler_, const_cast<const char**>(options.data()));
  if (context_ == nullptr) return false;

  mg_server_port bound{};
  mg_get_server_ports(context_, 1, &bound);
  host_ = host;
  port_ = static_cast<std::uint16_t>(bound.port);
  return true;
}

void CivetwebServer::stop() {
  // The thread that accepts looks at the stop flag every two seconds, or after a connection.
  constexpr std::chrono::milliseconds kBetweenKnocks{5};
  try {
    const auto stopped = std::async(std::launch::async, mg_stop, context_);
    do knock(host_, port_);
    while (stopped.wait_for(kBetweenKnocks) != std::future_status::ready);
  } catch (const std::system_error&) {  // no thread to be had: then slowly
    mg_stop(context_);
  }
}

Error start_error(const std::string& address, int number) {
  const std::string prefix = "cannot listen on " + address + ": ";
  switch (number) {
    case 0: return {Errc::io, prefix + "the HTTP server did not start"};
    case EADDRINUSE: return {Errc::io, prefix + "another program listens there already"};
    case EACCES:
      return {Errc::io, prefix + "not permitted; a port below 1024 needs CAP_NET_BIND_SERVICE"};
    case EADDRNOTAVAIL:
      return {Errc::config, prefix + "no network interface of this machine has that address"};
    default: return {Errc::io, prefix + std::generic_category().message(number)};
  }
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(const std::string& address, Handler handler,
                                                      const HttpLimits& limits) {
  const Result<ListenAddress> parsed = parse_listen_address(address);
  if (!parsed) return fail(parsed.error());
  const Result<std::string> host = resolve_host(*parsed);
  if (!host) return fail(host.error());
  // civetweb goes on without the threads that it cannot have, also without the one that accepts.
  const Result<void> threads = try_threads(static_cast<unsigned>(limits.threads) + 1);
  if (!threads) return fail(threads.error());
  auto server = std::make_unique<CivetwebServer>(std::move(handler));
  if (!server->listen(*host, parsed->port, limits))
    return fail(start_error(address, listen_errno(*host, parsed->port)));
  return server;
}

}  // namespace sqlite_exporter
