/// Any text as a version: what is one has the number of SQLite 3.
#include "collectors/sqlite/version_text.h"

#include <string_view>

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto version = parse_sqlite_version(text);
  if (version) fuzz::claim(*version >= 3'000'000 && *version <= 3'999'999);
  return 0;
}
