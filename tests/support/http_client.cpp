/// The raw socket client.
#include "tests/support/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <system_error>

namespace sqlite_exporter::test {

Connection::Connection(const std::string& address)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const std::size_t colon = address.find(':');
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &peer.sin_addr);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) != 0) {
    const int number = errno;
    close(socket_);
    throw std::system_error(number, std::generic_category(), "connect to " + address);
  }
}

Connection::~Connection() { close(socket_); }

bool Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string Connection::read_to_end() {
  std::string result;
  std::array<char, 65536> buffer;
  // A reset ends the answer as a close does: what had arrived before it is delivered first.
  while (true) {
    const ssize_t size = recv(socket_, buffer.data(), buffer.size(), 0);
    if (size <= 0) return result;
    result.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

bool Connection::is_silent() const {
  pollfd event{.fd = socket_, .events = POLLIN, .revents = 0};
  return poll(&event, 1, 0) == 0;
}

HttpReply parse_reply(const std::string& bytes) {
  constexpr std::string_view kVersion = "HTTP/x.y ";  // the server repeats that of the request
  const std::size_t head_end = bytes.find("\r\n\r\n");
  if (!bytes.starts_with("HTTP/") || head_end == std::string::npos)
    throw std::runtime_error("not an HTTP reply: " + bytes.substr(0, 200));
  HttpReply reply;
  std::from_chars(bytes.data() + kVersion.size(), bytes.data() + head_end, reply.status);
  for (std::size_t line = bytes.find("\r\n") + 2; line < head_end;) {
    const std::size_t end = bytes.find("\r\n", line);
    const std::size_t colon = bytes.find(": ", line);
    reply.headers[bytes.substr(line, colon - line)] = bytes.substr(colon + 2, end - colon - 2);
    line = end + 2;
  }
  reply.body = bytes.substr(head_end + 4);
  return reply;
}

HttpReply request(const std::string& address, std::string_view head, std::string_view body) {
  Connection connection(address);
  connection.send(std::string(head) + "\r\n\r\n" + std::string(body));
  return parse_reply(connection.read_to_end());
}

}  // namespace sqlite_exporter::test
