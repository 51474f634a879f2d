/// Lines of /proc/<pid>/cgroup, "id:controllers:path", against folders of sysfs:
///
///     4:cpu,cpuacct:/system.slice/kine.service      <sysfs>/fs/cgroup/cpu,cpuacct, and links to it
///     1:name=systemd:/system.slice/kine.service     says nothing of resources
///     0::/system.slice/kine.service                 <sysfs>/fs/cgroup, or its folder "unified"
#include "collectors/linux/cgroup_hierarchy.h"

#include <algorithm>

#include "collectors/linux/cgroup_path.h"
#include "collectors/linux/file.h"
#include "collectors/linux/text.h"
#include "collectors/linux/text_file.h"

namespace sqlite_exporter {
namespace {

constexpr std::size_t kMostFolders = 256;
constexpr std::size_t kMostProcesses = 1U << 20U;  ///< bytes: a hundred thousand pids

std::optional<CgroupHierarchy> hierarchy_of(std::string_view controller) {
  const auto found = std::ranges::find(kCgroupHierarchyNames, controller);
  if (found == kCgroupHierarchyNames.begin() || found == kCgroupHierarchyNames.end()) {
    return std::nullopt;
  }
  return static_cast<CgroupHierarchy>(found - kCgroupHierarchyNames.begin());
}

/// A path that stays below its root whatever it is appended to.
bool is_within(std::string_view path) {
  if (!path.starts_with('/') || path.find('\0') != std::string_view::npos) return false;
  if (path == "/") return true;
  path.remove_prefix(1);
  if (path.ends_with('/')) return false;
  while (!path.empty()) {
    const std::string_view segment = take_until(path, '/');
    if (segment.empty() || segment == "." || segment == "..") return false;
  }
  return true;
}

void add_controllers(std::string_view controllers, Cgroup& cgroup) {
  while (!controllers.empty()) {
    if (const auto hierarchy = hierarchy_of(take_until(controllers, ','))) {
      cgroup.in[*hierarchy] = true;
    }
  }
}

bool is_there(const std::string& path) { return status_of_kernel(path).has_value(); }

}  // namespace

std::optional<Cgroup> parse_cgroup_membership(std::string_view text) {
  const std::string_view chosen = cgroup_path_of(text);
  if (!is_within(chosen)) return std::nullopt;
  Cgroup cgroup{std::string(chosen), {}};
  while (!text.empty()) {
    std::string_view path = take_until(text, '\n');
    const std::string_view id = take_until(path, ':');
    const std::string_view controllers = take_until(path, ':');
    if (path != chosen) continue;  // with " (deleted)" behind it, too
    if (id == "0" && controllers.empty()) cgroup.in[CgroupHierarchy::unified] = true;
    add_controllers(controllers, cgroup);
  }
  if (cgroup.in == ByCgroupHierarchy<bool>{}) return std::nullopt;
  return cgroup;
}

Result<CgroupRoots> find_cgroup_roots(const std::string& sysfs) {
  const std::string base = sysfs + "/fs/cgroup";
  CgroupRoots roots;
  if (is_there(base + "/cgroup.controllers")) {
    roots[CgroupHierarchy::unified] = base;
    return roots;
  }
  auto folders = names_in(base, kMostFolders);
  if (!folders) return fail(folders.error());
  std::ranges::sort(*folders);  // "cpu" before "cpu,cpuacct": the same, and what one expects
  for (const std::string& folder : *folders) {
    std::string_view controllers = folder;
    while (!controllers.empty()) {
      const auto hierarchy = hierarchy_of(take_until(controllers, ','));
      if (hierarchy && roots[*hierarchy].empty()) {
        roots[*hierarchy].append(base).append("/").append(folder);
      }
    }
  }
  if (is_there(base + "/unified/cgroup.controllers")) {
    roots[CgroupHierarchy::unified] = base + "/unified";
  }
  return roots;
}

bool lists_process(const std::string& directory, int pid) {
  const Result<std::string> text = read_beginning(directory + "/cgroup.procs", kMostProcesses);
  std::string_view rest = text ? std::string_view(*text) : std::string_view();
  const std::string wanted = std::to_string(pid);
  while (!rest.empty()) {
    if (take_until(rest, '\n') == wanted) return true;
  }
  return false;
}

void confirm_root(Cgroup& cgroup, const CgroupRoots& roots, int pid) {
  if (cgroup.path != "/") return;
  for (std::size_t i = 0; i < kCgroupHierarchyNames.size(); ++i) {
    const auto hierarchy = static_cast<CgroupHierarchy>(i);
    cgroup.in[hierarchy] =
        cgroup.in[hierarchy] && !roots[hierarchy].empty() && lists_process(roots[hierarchy], pid);
  }
}

}  // namespace sqlite_exporter
