#include "collectors/file_mount.h"

#include <algorithm>
#include <string>

#include "collectors/linux/path_translation.h"
#include "collectors/linux/process_files.h"

namespace sqlite_exporter {

namespace {

bool may_be_asked(const HolderProcess& holder) { return holder.holds_shared && holder.pid > 0; }

/// Nothing where he may not be asked.
Result<bool> has_open_alone(std::string_view path, int pid, const Node& node) {
  const Result<MountTable> mounts = MountTable::read(node.paths.procfs, std::to_string(pid));
  if (!mounts) return fail(mounts.error());
  for (const std::string& name : translate_path(path, node.mounts, *mounts)) {
    if (!is_mounted_alone(name, *mounts)) continue;
    const Result<PathUse> use = use_of_path(node.paths.procfs, pid, name);
    if (!use) return fail(use.error());
    if (*use == PathUse::open) return true;
  }
  return false;
}

}  // namespace

bool is_mounted_alone(std::string_view path, const MountTable& mounts) {
  const Mount* const mount = mounts.mount_of(path);
  if (mount == nullptr || mount->mountpoint != path || path == "/") return false;
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view folder = path.substr(0, std::max<std::size_t>(slash, 1));
  const Mount* const around = mounts.mount_of(folder);
  if (around == nullptr || around->superblock != mount->superblock) return true;
  const auto rest = rest_below(path, around->mountpoint);
  std::string_view root = around->root;
  if (root.ends_with('/')) root.remove_suffix(1);
  return !rest || mount->root != std::string(root).append(*rest);
}

bool opened_mounted_alone(std::string_view path, const Holders& holders, const Node& node,
                          FileMountState& state) {
  if (!node.own_pid_namespace) return false;
  decltype(state.asked) asked;
  bool alone = false;
  for (const HolderProcess& holder : holders.processes) {
    if (!may_be_asked(holder)) continue;
    const std::pair key(holder.pid, holder.process.start_ticks);
    if (const auto known = state.asked.find(key); known != state.asked.end()) {
      asked.insert(*known);
    } else if (const Result<bool> answer = has_open_alone(path, holder.pid, node); answer) {
      asked.emplace(key, *answer);
    }
    if (const auto known = asked.find(key); known != asked.end()) alone = alone || known->second;
  }
  state.asked = std::move(asked);
  return alone;
}

}  // namespace sqlite_exporter
