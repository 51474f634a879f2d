/// Errors as values: a closed set of reasons, and the result type that carries one.
#pragma once

#include <tl/expected.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sqlite_exporter {

/// Why something could not be said. The name doubles as the label value `reason`, so the set is
/// part of the contract with dashboards and alerts.
enum class Errc : std::uint8_t {
  no_data,      ///< there is nothing here; a success without readings
  denied,       ///< the kernel refused: permissions, capabilities, a security module
  busy,         ///< changed under every one of the bounded retries
  timeout,      ///< over its deadline
  stalled,      ///< the mount did not answer
  starved,      ///< this process got too little CPU to say it in time
  limit,        ///< out of descriptors, memory, or over a configured limit
  io,           ///< the kernel reported a read error
  corrupt,      ///< bytes that break the file format
  unsupported,  ///< a format version or file system that is not understood
  config,       ///< the user's input is wrong
  internal,     ///< a defect of this program
};

inline constexpr std::array<std::string_view, 12> kErrcNames = {
    "no_data", "denied", "busy",    "timeout",     "stalled", "starved",
    "limit",   "io",     "corrupt", "unsupported", "config",  "internal"};

constexpr std::string_view to_string(Errc code) {
  return kErrcNames[static_cast<std::size_t>(code)];
}

/// `message` is one sentence for a human, without the reason and without a trailing period.
struct Error {
  Errc code = Errc::internal;
  std::string message;

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Errc code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace sqlite_exporter
