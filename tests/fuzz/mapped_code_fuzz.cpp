/// Any text as /proc/<pid>/maps: no line hides the one behind it.
#include "collectors/linux/mapped_code.h"

#include <string>

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const MappedCode code = parse_mapped_code(text);
  fuzz::claim(code.files.size() <= 512);
  for (const MappedFile& file : code.files) {
    fuzz::claim(file.path.starts_with('/') && file.path.find('\n') == std::string::npos);
    fuzz::claim(file.range.size() <= 33 && file.range.find('/') == std::string::npos);
  }
  const MappedCode more =
      parse_mapped_code(text + "\n7f00-7f10 r-xp 00000000 ffff:ffff 18446744073709551615 /end\n");
  const bool last = !more.files.empty() && more.files.back().path == "/end";
  fuzz::claim(last || more.files.size() == code.files.size());
  return 0;
}
