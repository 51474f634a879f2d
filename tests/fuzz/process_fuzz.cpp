/// Any text as /proc/stat: a time that the machine started is a number, or corrupt.
#include "collectors/linux/process.h"

#include <string_view>

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto time = parse_boot_time({reinterpret_cast<const char*>(data), size});
  fuzz::claim(time ? *time >= 0 : time.error().code == Errc::corrupt);
  return 0;
}
