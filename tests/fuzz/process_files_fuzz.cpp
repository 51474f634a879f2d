/// Any text as fdinfo: no line hides the locks behind it.
#include "collectors/linux/process_files.h"

#include <string>

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto locks = parse_fdinfo_locks(text);
  const auto more =
      parse_fdinfo_locks(text + "\nlock:\t1: POSIX  ADVISORY  READ 1 8:2:7 128 128\n");
  fuzz::claim(more.size() == locks.size() + 1 && more.back().inode == 7);
  for (std::size_t i = 0; i < locks.size(); ++i) fuzz::claim(more[i] == locks[i]);
  return 0;
}
