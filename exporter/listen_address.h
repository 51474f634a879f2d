/// The address a server listens on, as users write it: "host:port" or ":port".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/base/result.h"

namespace sqlite_exporter {

struct ListenAddress {
  std::string host;  ///< a name or a dotted IPv4 address; "" is every interface
  std::uint16_t port = 0;
};

/// Syntax only, no look-up. Errors: config, with the address.
Result<ListenAddress> parse_listen_address(std::string_view text);

/// The IPv4 address of `address.host` in dotted form. Errors: config (no such host), io.
Result<std::string> resolve_host(const ListenAddress& address);

/// Why nobody can listen on a numeric `host` and `port` now: the kernel's errno, 0 if one could.
/// Tells a failed start what the server library does not.
int listen_errno(const std::string& host, std::uint16_t port);

/// Connects without waiting and hangs up: wakes whoever waits for a connection there.
void knock(const std::string& host, std::uint16_t port);

}  // namespace sqlite_exporter
