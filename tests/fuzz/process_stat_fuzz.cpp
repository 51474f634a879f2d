/// Any text as /proc/<pid>/stat: what stands before the last parenthesis never matters.
#include "collectors/linux/process_stat.h"

#include <string>

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto stat = parse_process_stat(text);
  if (!stat) fuzz::claim(stat.error().code == Errc::corrupt);

  const auto renamed = parse_process_stat("1 (a) S 2 3" + text);
  if (text.find(')') != std::string::npos) {
    fuzz::claim(renamed.has_value() == stat.has_value());
    fuzz::claim(!stat || *renamed == *stat);
  }
  return 0;
}
