/// Parsing and resolving of listen addresses.
#include "exporter/listen_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>

namespace sqlite_exporter {
namespace {

sockaddr_in socket_address(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  return address;
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const std::string quoted = std::string("\"").append(text).append("\"");
  if (text.starts_with('['))
    return fail(Errc::config, "cannot listen on " + quoted + ": IPv6 is not supported yet");
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.find(':') != colon)
    return fail(Errc::config, quoted + " is not an address like 127.0.0.1:10003 or :10003");
  const std::string_view digits = text.substr(colon + 1);
  ListenAddress address{.host = std::string(text.substr(0, colon))};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (error != std::errc() || end != digits.data() + digits.size())
    return fail(Errc::config, "the port in " + quoted + " is not a number from 0 to 65535");
  return address;
}

Result<std::string> resolve_host(const ListenAddress& address) {
  if (address.host.empty()) return "0.0.0.0";
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(address.host.c_str(), nullptr, &hints, &found);
  if (error != 0)
    return fail(
        error == EAI_NONAME ? Errc::config : Errc::io,
        "cannot resolve host \"" + address.host + "\" to an IPv4 address: " + gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  std::array<char, INET_ADDRSTRLEN> text{};
  const auto* const internet = reinterpret_cast<const sockaddr_in*>(found->ai_addr);
  inet_ntop(AF_INET, &internet->sin_addr, text.data(), text.size());
  return text.data();
}

int listen_errno(const std::string& host, std::uint16_t port) {
  const sockaddr_in address = socket_address(host, port);
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return errno;
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool listening =
      bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      listen(descriptor, 1) == 0;
  const int error = listening ? 0 : errno;
  close(descriptor);
  return error;
}

void knock(const std::string& host, std::uint16_t port) {
  const sockaddr_in address = socket_address(host, port);
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return;
  // Refused or not: whoever listened is gone or awake.
  static_cast<void>(
      connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address));
  close(descriptor);
}

}  // namespace sqlite_exporter
