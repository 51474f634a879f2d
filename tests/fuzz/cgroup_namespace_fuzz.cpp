/// Any text as /proc/<pid>/cgroup, read in a namespace: what is left begins where that begins.
#include "collectors/linux/cgroup_namespace.h"

#include <string>
#include <string_view>

#include "collectors/linux/text.h"
#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

namespace {

constexpr std::string_view kOfV2 = "0::";

bool leads_out(std::string_view path) { return path == "/.." || path.starts_with("/../"); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string begins = "/kubepods/pod/own";
  const std::string seen = seen_from_root(text, begins);
  fuzz::claim(seen.empty() || seen.ends_with('\n'));
  std::string_view rest = seen;
  while (!rest.empty()) {
    std::string_view line = take_until(rest, '\n');
    if (!line.starts_with(kOfV2)) {
      fuzz::claim(line.ends_with(":/"));
      continue;
    }
    line.remove_prefix(kOfV2.size());
    const std::string was = "0::" + std::string(line);
    // Below where the namespace begins, above it by steps up, or as it was.
    fuzz::claim(line.starts_with(begins) || text.find("0::/..") != std::string::npos);
    fuzz::claim(!leads_out(line) || text.find(was) != std::string::npos);
  }
  const std::string untold = "\n" + seen_from_root(text, std::nullopt);
  fuzz::claim(untold.find("\n0::") == std::string::npos);
  return 0;
}
