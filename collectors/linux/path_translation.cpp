/// From a path to a filesystem and a path within it, and from there to the mounts that show it.
#include "collectors/linux/path_translation.h"

#include <cstddef>
#include <map>
#include <ranges>
#include <utility>

namespace sqlite_exporter {
namespace {

std::string moved_to(std::string_view folder, std::string_view rest) {
  if (folder.ends_with('/')) folder.remove_suffix(1);
  return std::string(folder).append(rest);
}

/// False of nsfs, whose roots are no paths.
bool has_paths(const Mount& mount) {
  return mount.root.starts_with('/') && mount.mountpoint.starts_with('/');
}

}  // namespace

std::optional<std::string_view> rest_below(std::string_view path, std::string_view folder) {
  if (folder.ends_with('/')) folder.remove_suffix(1);
  if (!path.starts_with(folder)) return std::nullopt;
  path.remove_prefix(folder.size());
  if (!path.empty() && path.front() != '/') return std::nullopt;
  return path;
}

std::vector<std::string> translate_path(std::string_view path, const MountTable& there,
                                        const MountTable& here) {
  if (!path.starts_with('/')) return {};
  const Mount* mount = there.mount_of(path);
  if (mount == nullptr || !has_paths(*mount)) return {};
  const std::string within =
      moved_to(mount->root, rest_below(path, mount->mountpoint).value_or(std::string_view()));

  std::multimap<std::size_t, std::string> names;  // by how much their mounts leave out
  for (const Mount& candidate : std::views::reverse(here.mounts())) {
    if (candidate.superblock != mount->superblock || !has_paths(candidate)) continue;
    const auto rest = rest_below(within, candidate.root);
    if (!rest) continue;
    std::string name = moved_to(candidate.mountpoint, *rest);
    if (name.empty()) continue;  // the root directory itself is no file
    if (here.mount_of(name) == &candidate) names.emplace(candidate.root.size(), std::move(name));
  }

  std::vector<std::string> paths;
  for (auto& [size, name] : names) paths.push_back(std::move(name));
  if (paths.empty() && mount->upper.starts_with('/'))
    paths.push_back(moved_to(mount->upper, within));
  return paths;
}

}  // namespace sqlite_exporter
