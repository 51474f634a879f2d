/// Any text as /proc/<pid>/cgroup, from within any namespace: what is not the v2 path stays.
#include "collectors/linux/cgroup_namespace.h"

#include <string>

#include "collectors/linux/cgroup_hierarchy.h"
#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  fuzz::claim(seen_from_root(text, "/") == text || is_seen_from_namespace(text));
  const std::string seen = seen_from_root(text, "/kubepods/pod/own");
  const auto cgroup = parse_cgroup_membership(seen);
  if (cgroup) fuzz::claim(cgroup->path.find("/../") == std::string::npos);
  return 0;
}
