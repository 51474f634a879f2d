/// Any two mount tables and a path: what is found here is reached by a visible mount, and the way
/// back leads to the same file.
#include "collectors/linux/path_translation.h"

#include <algorithm>
#include <string>
#include <vector>

#include "collectors/linux/text.h"
#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

namespace {

/// A line: a digit for the filesystem, then root, mountpoint and upper directory between blanks; an
/// empty line ends the table.
MountTable take_table(std::string_view& text) {
  std::vector<Mount> mounts;
  while (!text.empty() && mounts.size() < 64) {
    std::string_view line = take_until(text, '\n');
    if (line.empty()) break;
    Mount mount;
    mount.superblock = static_cast<unsigned char>(line.front());
    line.remove_prefix(1);
    mount.root = take_until(line, ' ');
    mount.mountpoint = take_until(line, ' ');
    mount.upper = line;
    mounts.push_back(mount);
  }
  return MountTable(std::move(mounts));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const MountTable there = take_table(text);
  const MountTable here = take_table(text);
  const auto paths = translate_path(text, there, here);
  if (paths.empty()) return 0;
  const Mount* from = there.mount_of(text);
  fuzz::claim(text.starts_with('/') && from != nullptr);
  for (const std::string& path : paths) {
    const Mount* to = here.mount_of(path);
    if (to == nullptr || to->superblock != from->superblock) {
      // The upper directory, which may lie anywhere, is the only one.
      fuzz::claim(paths.size() == 1 && !from->upper.empty() && rest_below(path, from->upper));
      continue;
    }
    const auto back = translate_path(path, here, here);
    fuzz::claim(std::ranges::find(back, path) != back.end() ||
                (paths.size() == 1 && !from->upper.empty()));
  }
  return 0;
}
