/// Any target of a link: what may be a database is a path of it, and no device or pseudo file.
#include "collectors/linux/open_files.h"

#include <string>

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string link(reinterpret_cast<const char*>(data), size);
  const auto path = database_behind(link);
  fuzz::claim(!database_behind(link + " (deleted)"));
  if (!path) return 0;
  fuzz::claim(path->starts_with('/') && link.starts_with(*path));
  fuzz::claim(!path->starts_with("/proc/") && !path->starts_with("/sys/"));
  for (const char* ending : {"-wal", "-shm", "-journal"}) {
    fuzz::claim(database_behind(link + "/a" + ending) == link + "/a");
  }
  return 0;
}
