/// The HTTP server behind one small interface, so that what listens can be replaced.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "collectors/base/result.h"

namespace sqlite_exporter {

struct HttpRequest {
  std::string_view method;  ///< GET or HEAD; others are answered 405 before the handler
  std::string_view path;    ///< without the query, as the client spelled it
};

struct HttpResponse {
  int status = 200;
  std::string_view content_type = "text/plain; charset=utf-8";  ///< static storage
  std::shared_ptr<const std::string> body;                      ///< never null
};

/// What one client can take from the others.
struct HttpLimits {
  /// A client that does not finish its request holds a thread for `request_timeout`. Four: a scrape
  /// and a probe are answered at once while two such clients hang; more of them delay an answer,
  /// but never stop it.
  int threads = 4;
  std::chrono::milliseconds request_timeout{3000};
};

class HttpServer {
 public:
  /// Called on the server's threads, several at once; must neither block nor throw.
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  /// `address` is "host:port" or ":port" (all IPv4 interfaces); port 0 takes a free one.
  /// Errors: config (address), io (in use, not permitted): one sentence, with the address; limit
  /// (no threads).
  static Result<std::unique_ptr<HttpServer>> start(const std::string& address, Handler handler,
                                                   const HttpLimits& limits = {});

  /// Stops: no handler runs afterwards. Takes milliseconds, with a client in the middle of a
  /// request at most two seconds.
  virtual ~HttpServer() = default;
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// "127.0.0.1:10003", with the port really bound.
  virtual std::string address() const = 0;

 protected:
  HttpServer() = default;
};

}  // namespace sqlite_exporter
