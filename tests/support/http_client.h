/// HTTP over a raw socket, so that a test can also send what no client library would.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace sqlite_exporter::test {

/// A connection to "a.b.c.d:port"; closed on destruction.
class Connection {
 public:
  explicit Connection(const std::string& address);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Returns false if the server has hung up.
  bool send(std::string_view bytes);
  /// All bytes until the server closes the connection.
  std::string read_to_end();
  /// True while the server neither sent anything nor hung up.
  bool is_silent() const;

 private:
  int socket_;
};

struct HttpReply {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names as the server spelled them
  std::string body;
};

HttpReply parse_reply(const std::string& bytes);

/// One request on a connection of its own; `head` is everything before the empty line.
HttpReply request(const std::string& address, std::string_view head, std::string_view body = "");

inline HttpReply get(const std::string& address, const std::string& path) {
  return request(address, "GET " + path + " HTTP/1.1\r\nHost: test");
}

}  // namespace sqlite_exporter::test
