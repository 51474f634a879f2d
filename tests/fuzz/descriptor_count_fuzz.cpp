/// Any text as /proc/<pid>/limits: a limit is a number, absent or corrupt.
#include "collectors/linux/descriptor_count.h"

#include <string_view>

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto limit = parse_descriptor_limit({reinterpret_cast<const char*>(data), size});
  fuzz::claim(limit || limit.error().code == Errc::corrupt || limit.error().code == Errc::no_data);
  return 0;
}
