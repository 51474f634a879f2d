/// Any text as /proc/<pid>/cgroup: a path that is believed stays below whatever it is appended to.
#include "collectors/linux/cgroup_hierarchy.h"

#include <filesystem>
#include <string>

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto cgroup = parse_cgroup_membership(text);
  if (!cgroup) return 0;
  fuzz::claim(cgroup->in != ByCgroupHierarchy<bool>{});
  fuzz::claim(cgroup->path.find('\0') == std::string::npos);
  fuzz::claim(text.find(cgroup->path) != std::string::npos);
  const std::string below = "/sys/fs/cgroup" + (cgroup->path == "/" ? "" : cgroup->path);
  fuzz::claim(std::filesystem::path(below).lexically_normal() == below);
  return 0;
}
