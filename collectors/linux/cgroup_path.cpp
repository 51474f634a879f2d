/// Segments of a cgroup path, under the names that systemd, the kubelet and runtimes give:
///
///     /system.slice/kine.service
///     /kubepods/burstable/pod<uid>/<id>
///     /kubepods.slice/kubepods-burstable-pod<uid>.slice/cri-containerd-<id>.scope
///     /system.slice/containerd.service/kubepods-burstable-pod<uid>.slice:cri-containerd:<id>
///     /user.slice/user-1000.slice/user@1000.service/user.slice/libpod-<id>.scope/container
#include "collectors/linux/cgroup_path.h"

#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "collectors/linux/pod_ids.h"
#include "collectors/linux/text.h"

namespace sqlite_exporter {
namespace {

bool drop_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

std::optional<std::string> pod_in(std::string_view segment) {
  segment = take_until(segment, ':');
  if (segment.starts_with("pod")) return pod_uid_of(segment.substr(3));
  if (!drop_suffix(segment, ".slice")) return std::nullopt;
  constexpr std::string_view kBeforeUid = "-pod";
  const std::size_t at = segment.rfind(kBeforeUid);
  if (at == std::string_view::npos || segment.find("kubepods") >= at) return std::nullopt;
  return pod_uid_of(segment.substr(at + kBeforeUid.size()));
}

/// The name and the id in "<name>-<id>.scope", "<name>-<id>", "...:<name>:<id>" or "<id>".
struct Container {
  std::string_view name;
  std::string_view id;
};

std::optional<Container> container_in(std::string_view segment) {
  drop_suffix(segment, ".scope");
  const std::size_t before_id = segment.find_last_of("-:");
  const bool named = before_id != std::string_view::npos;
  const std::string_view id = named ? segment.substr(before_id + 1) : segment;
  if (!is_container_id(id)) return std::nullopt;
  return Container{named ? segment.substr(0, before_id) : std::string_view(), id};
}

bool is_unit(std::string_view segment) {
  return (drop_suffix(segment, ".service") || drop_suffix(segment, ".scope")) && !segment.empty();
}

/// As `systemctl` takes it, "\x2d" and all. Systemd puts '_' before the directory of a unit whose
/// name would look like a file of the kernel's, as "cpu.service".
std::string unit_name(std::string_view segment) {
  if (segment.starts_with('_')) segment.remove_prefix(1);
  return std::string(segment);
}

/// The paths that may be asked, in their order; empty where there is none.
std::array<std::string_view, 3> candidates(std::string_view text) {
  std::string_view unified;
  std::string_view systemd;
  std::string_view longest;
  while (!text.empty()) {
    std::string_view path = take_until(text, '\n');
    const std::string_view hierarchy = take_until(path, ':');
    const std::string_view controllers = take_until(path, ':');
    drop_suffix(path, " (deleted)");  // its cgroup is gone, the process not yet
    if (hierarchy == "0" && controllers.empty()) unified = path;
    if (controllers.ends_with("name=systemd")) systemd = path;
    if (path.size() > longest.size()) longest = path;
  }
  return {unified, systemd, longest};
}

}  // namespace

CgroupOwner owner_of_cgroup(std::string_view path) {
  CgroupOwner owner;
  while (!path.empty()) {
    const std::string_view segment = take_until(path, '/');
    if (auto uid = pod_in(segment)) owner = CgroupOwner{{}, {}, std::move(*uid)};
    if (const auto container = container_in(segment)) {
      // conmon watches over a container from outside.
      if (container->name.ends_with("conmon")) continue;
      if (owner.pod_uid.empty() || owner.container_id.empty()) owner.container_id = container->id;
    } else if (is_unit(segment)) {
      owner.unit = unit_name(segment);
    }
  }
  return owner;
}

std::string_view cgroup_path_of(std::string_view text) {
  std::string_view of_unit;
  std::string_view below_root;
  std::string_view any;
  for (const std::string_view path : candidates(text)) {
    const CgroupOwner owner = owner_of_cgroup(path);
    if (!owner.container_id.empty() || !owner.pod_uid.empty()) return path;
    if (of_unit.empty() && !owner.unit.empty()) of_unit = path;
    if (below_root.empty() && path != "/") below_root = path;
    if (any.empty()) any = path;
  }
  if (!of_unit.empty()) return of_unit;
  return below_root.empty() ? any : below_root;
}

CgroupOwner parse_cgroup(std::string_view text) { return owner_of_cgroup(cgroup_path_of(text)); }

}  // namespace sqlite_exporter
