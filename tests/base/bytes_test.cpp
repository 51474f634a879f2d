/// Integers out of bytes, each byte order.
#include "tests/support/catch.h"

#include <array>

#include "collectors/base/bytes.h"
#include "collectors/base/result.h"

namespace sqlite_exporter {
namespace {

constexpr std::array kBytes = {std::byte{0x81}, std::byte{0x02}, std::byte{0x83}, std::byte{0x04}};

TEST_CASE("big-endian integers are read from the highest byte down") {
  CHECK(u8(Bytes(kBytes).first<1>()) == 0x81);
  CHECK(be16(Bytes(kBytes).first<2>()) == 0x8102);
  CHECK(be32(Bytes(kBytes).first<4>()) == 0x81028304);
}

TEST_CASE("host integers are read as this machine stores them") {
  const bool little = std::endian::native == std::endian::little;
  CHECK(host16(Bytes(kBytes).first<2>()) == (little ? 0x0281 : 0x8102));
  CHECK(host32(Bytes(kBytes).first<4>()) == (little ? 0x04830281U : 0x81028304U));
}

TEST_CASE("every error code has the name that its label value has") {
  CHECK(to_string(Errc::no_data) == "no_data");
  CHECK(to_string(Errc::io) == "io");
  CHECK(to_string(Errc::internal) == "internal");
}

}  // namespace
}  // namespace sqlite_exporter
